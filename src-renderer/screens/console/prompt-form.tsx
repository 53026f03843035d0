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
import { IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react'
import { useId, type ReactNode } from 'react'
import { spellmModes, type ConsoleSource } from '../../../src-main/contract/index.ts'
import { describeShortcut } from '../../actions/describe-shortcut.ts'
import { strings } from '../../strings/index.ts'
import {
  maxTokensLimit,
  parseForm,
  type ConsoleForm,
  type FormField,
  type SamplingField,
} from './console-form.ts'
import { changeForm, setPrompt, useConsole } from './console-store.ts'
import { startGeneration, stopGeneration } from './generation.ts'
import { isOpen } from './generation-output.ts'
import { SaveButton } from './save-button.tsx'

const text = strings.console
const generateKeys = 'mod+Enter'

/** The prompt, how tokens are chosen, and the buttons that start and stop. */
export function PromptForm({ source }: { readonly source: ConsoleSource }) {
  const prompt = useConsole((state) => state.prompt)
  const form = useConsole((state) => state.form)
  const isGenerating = useConsole(({ session }) => Object.values(session?.outputs ?? {}).some(isOpen))
  const parsed = parseForm(form)
  const canGenerate = parsed.problems === null && prompt !== ''
  const generate = () => {
    if (parsed.problems === null && prompt !== '')
      startGeneration({ source, prompt, mode: form.mode, options: parsed.options })
  }
  useHotkeys([[generateKeys, generate]], [])
  return (
    <Paper withBorder p="md">
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack gap="sm">
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
                disabled={!canGenerate}
                onClick={generate}
              >
                {text.generate}
              </Button>
              <Button
                variant="default"
                leftSection={<IconPlayerStop size={17} aria-hidden />}
                disabled={!isGenerating}
                onClick={stopGeneration}
              >
                {text.stop}
              </Button>
              <SaveButton />
            </Group>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Controls form={form} hasSpellm={source.kind === 'run'} problems={parsed.problems} />
        </Grid.Col>
      </Grid>
    </Paper>
  )
}

function Controls({
  form,
  hasSpellm,
  problems,
}: {
  readonly form: ConsoleForm
  readonly hasSpellm: boolean
  readonly problems: ReadonlySet<FormField> | null
}) {
  const number = (field: SamplingField | 'maxTokens', label: string) => ({
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
        {hasSpellm && (
          <Choice label={text.mode} description={text.modeDescription[form.mode]}>
            {(labelId) => (
              <SegmentedControl
                aria-labelledby={labelId}
                size="xs"
                data={spellmModes.map((mode) => ({ value: mode, label: text.modes[mode] }))}
                value={form.mode}
                onChange={(mode) => changeForm({ mode })}
              />
            )}
          </Choice>
        )}
        <Choice
          label={text.choice}
          {...(form.isSampled && hasSpellm ? { description: text.sampledDescription[form.mode] } : {})}
        >
          {(labelId) => (
            <SegmentedControl
              aria-labelledby={labelId}
              size="xs"
              data={[
                { value: 'greedy', label: text.greedy },
                { value: 'sampled', label: text.sampled },
              ]}
              value={form.isSampled ? 'sampled' : 'greedy'}
              onChange={(choice) => changeForm({ isSampled: choice === 'sampled' })}
            />
          )}
        </Choice>
      </Group>
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
