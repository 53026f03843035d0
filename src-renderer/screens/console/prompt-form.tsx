import {
  Button,
  Grid,
  Group,
  Kbd,
  NumberInput,
  Paper,
  SegmentedControl,
  Stack,
  TagsInput,
  Text,
  Textarea,
} from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconPlayerPlay } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useId, type ReactNode } from 'react'
import { spellmModes, type ConsoleSource, type SpellmMode } from '../../../src-main/contract/index.ts'
import { describeShortcut } from '../../actions/describe-shortcut.ts'
import { queries } from '../../connection/engine.ts'
import { strings } from '../../strings/index.ts'
import { ChatFields } from './chat-fields.tsx'
import {
  maxTokensLimit,
  parseForm,
  type ConsoleForm,
  type FormField,
  type GenerationOptions,
  type ModeField,
  type SamplingField,
} from './console-form.ts'
import { changeForm, setPrompt, useConsole } from './console-store.ts'
import { startGeneration } from './generation.ts'
import { SaveButton } from './save-button.tsx'
import { StopButton } from './stop-button.tsx'

const text = strings.console
const generateKeys = 'mod+Enter'

/** What to continue or to answer, how tokens are chosen, and the buttons that start and stop. */
export function PromptForm({
  source,
  ownMode,
}: {
  readonly source: ConsoleSource
  /** The mode of this SpeLLM where no other is chosen. */
  readonly ownMode: SpellmMode
}) {
  const form = useConsole((state) => state.form)
  const wantsChat = useConsole((state) => state.wantsChat)
  const { data: abilities } = useQuery(queries.console.abilities.queryOptions({ input: { source } }))
  const canChat = abilities?.canChat ?? false
  const parsed = parseForm(form, ownMode)
  const options = parsed.problems === null ? parsed.options : null
  return (
    <Paper withBorder p="md">
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack gap="sm">
            {canChat && <KindChoice wantsChat={wantsChat} />}
            {canChat && wantsChat ? (
              <ChatFields source={source} options={options} />
            ) : (
              <CompletionFields source={source} options={options} />
            )}
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Controls
            form={form}
            mode={source.kind === 'run' ? (form.mode ?? ownMode) : null}
            problems={parsed.problems}
          />
        </Grid.Col>
      </Grid>
    </Paper>
  )
}

function KindChoice({ wantsChat }: { readonly wantsChat: boolean }) {
  return (
    <Choice label={text.kind} {...(wantsChat ? { description: text.chatHelp } : {})}>
      {(labelId) => (
        <SegmentedControl
          aria-labelledby={labelId}
          size="xs"
          data={[
            { value: 'chat', label: text.chat },
            { value: 'completion', label: text.completion },
          ]}
          value={wantsChat ? 'chat' : 'completion'}
          onChange={(kind) => useConsole.setState({ wantsChat: kind === 'chat' })}
        />
      )}
    </Choice>
  )
}

function CompletionFields({
  source,
  options,
}: {
  readonly source: ConsoleSource
  /** null: some are wrong. */
  readonly options: GenerationOptions | null
}) {
  const prompt = useConsole((state) => state.prompt)
  const generate = () => {
    if (options && prompt !== '') startGeneration({ source, prompt, chat: null, options })
  }
  useHotkeys([[generateKeys, generate]], [])
  return (
    <>
      <Textarea
        label={text.prompt}
        description={text.promptDescription}
        placeholder={text.promptPlaceholder}
        autosize
        minRows={5}
        maxRows={14}
        value={prompt}
        onChange={({ currentTarget }) => setPrompt(currentTarget.value)}
      />
      <Group gap="xs">
        <Button
          leftSection={<IconPlayerPlay size={17} aria-hidden />}
          rightSection={<Kbd size="xs">{describeShortcut(generateKeys)}</Kbd>}
          disabled={!options || prompt === ''}
          onClick={generate}
        >
          {text.generate}
        </Button>
        <StopButton />
        <SaveButton />
      </Group>
    </>
  )
}

function Controls({
  form,
  mode,
  problems,
}: {
  readonly form: ConsoleForm
  /** The SpeLLM's decode mode; null: there is no SpeLLM. */
  readonly mode: SpellmMode | null
  readonly problems: ReadonlySet<FormField> | null
}) {
  const number = (field: NumberField, label: string) => ({
    label,
    value: form[field],
    onChange: (value: string | number) => changeForm({ [field]: value === '' ? '' : Number(value) }),
    error: problems?.has(field) ? problemText(field) : null,
    hideControls: true,
    clampBehavior: 'none' as const,
  })
  return (
    <Stack gap="sm">
      <Group gap="lg" align="start">
        {mode !== null && <ModeChoice mode={mode} />}
        <SamplingChoice isSampled={form.isSampled} mode={mode} />
      </Group>
      {mode === 'trie' && <NumberInput size="xs" w={180} {...number('candidates', text.candidates)} />}
      {mode === 'gated' && <NumberInput size="xs" w={180} {...number('gatePercent', text.gatePercent)} />}
      {form.isSampled && (
        <Group gap="sm" grow align="start" preventGrowOverflow={false}>
          <NumberInput size="xs" step={0.1} {...number('temperature', text.temperature)} />
          <NumberInput size="xs" placeholder={text.off} {...number('topK', text.topK)} />
          <NumberInput size="xs" placeholder={text.off} step={0.05} {...number('topP', text.topP)} />
          <NumberInput size="xs" placeholder={text.off} step={0.05} {...number('minP', text.minP)} />
          <NumberInput
            size="xs"
            placeholder={text.off}
            step={0.05}
            {...number('repetitionPenalty', text.repetitionPenalty)}
          />
          <NumberInput size="xs" {...number('seed', text.seed)} />
        </Group>
      )}
      <Group gap="sm" align="start" wrap="nowrap">
        <NumberInput size="xs" w={130} {...number('maxTokens', text.maxTokens)} />
        <TagsInput
          size="xs"
          style={{ flex: 1 }}
          label={text.stopTexts}
          placeholder={form.stop.length === 0 ? text.stopTextsPlaceholder : ''}
          value={[...form.stop]}
          onChange={(stop) => changeForm({ stop })}
          error={problems?.has('stop') ? problemText('stop') : null}
        />
      </Group>
    </Stack>
  )
}

type NumberField = SamplingField | ModeField | 'maxTokens'

function ModeChoice({ mode }: { readonly mode: SpellmMode }) {
  return (
    <Choice label={text.mode} description={text.modeDescription[mode]}>
      {(labelId) => (
        <SegmentedControl
          aria-labelledby={labelId}
          size="xs"
          data={spellmModes.map((name) => ({ value: name, label: text.modes[name] }))}
          value={mode}
          onChange={(chosen) => changeForm({ mode: chosen })}
        />
      )}
    </Choice>
  )
}

/** Whether tokens are drawn, and what that means in a SpeLLM's mode (null: there is no SpeLLM). */
function SamplingChoice({
  isSampled,
  mode,
}: {
  readonly isSampled: boolean
  readonly mode: SpellmMode | null
}) {
  return (
    <Choice
      label={text.choice}
      {...(isSampled && mode !== null ? { description: text.sampledDescription[mode] } : {})}
    >
      {(labelId) => (
        <SegmentedControl
          aria-labelledby={labelId}
          size="xs"
          data={[
            { value: 'greedy', label: text.greedy },
            { value: 'sampled', label: text.sampled },
          ]}
          value={isSampled ? 'sampled' : 'greedy'}
          onChange={(choice) => changeForm({ isSampled: choice === 'sampled' })}
        />
      )}
    </Choice>
  )
}

function problemText(field: FormField): string {
  return field === 'maxTokens' ? text.invalid.maxTokens(maxTokensLimit) : text.invalid[field]
}

/** A labelled choice with what the chosen one means. */
function Choice({
  label,
  description,
  children,
}: {
  readonly label: string
  readonly description?: string
  readonly children: (labelId: string) => ReactNode
}) {
  const labelId = useId()
  return (
    <Stack gap={4} maw={400}>
      <Text size="xs" fw={600} id={labelId}>
        {label}
      </Text>
      <div>{children(labelId)}</div>
      {description !== undefined && (
        <Text size="xs" c="dimmed">
          {description}
        </Text>
      )}
    </Stack>
  )
}
