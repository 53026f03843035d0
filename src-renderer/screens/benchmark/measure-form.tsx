import {
  Button,
  Checkbox,
  Grid,
  Group,
  NumberInput,
  Progress,
  SegmentedControl,
  Stack,
  Text,
  TextInput,
} from '@mantine/core'
import { IconGauge, IconPlayerStop } from '@tabler/icons-react'
import { useId } from 'react'
import {
  precisions,
  spellmModes,
  type ConsoleSource,
  type SpellmMode,
} from '../../../src-main/contract/index.ts'
import { Panel } from '../../components/panel.tsx'
import { formatPercent } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import { parseForm } from './benchmark-form.ts'
import { cancelBenchmark, changeForm, startBenchmark, useBenchmark } from './benchmark-store.ts'

const text = strings.benchmark

type Problems = ReturnType<typeof parseForm>['problems']

/** What to measure, the buttons that start and cancel, and how far it is. */
export function MeasureForm({
  source,
  name,
  contextLength,
}: {
  readonly source: ConsoleSource
  readonly name: string
  /** Infinity: not known. */
  readonly contextLength: number
}) {
  const form = useBenchmark((state) => state.form)
  const progress = useBenchmark((state) => state.progress)
  const { options, problems } = parseForm(form, contextLength)
  return (
    <Panel title={text.settings}>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 6 }}>
          <Stack gap="sm">
            <ModesField isRun={source.kind === 'run'} />
            <ModeNumberFields problems={problems} />
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 6 }}>
          <Stack gap="sm">
            <PrecisionField isRun={source.kind === 'run'} />
            <Lengths problems={problems} contextLength={contextLength} />
          </Stack>
        </Grid.Col>
      </Grid>
      <Group gap="xs">
        <Button
          leftSection={<IconGauge size={17} aria-hidden />}
          disabled={!options || progress !== null}
          onClick={() => options && void startBenchmark(source, name, options)}
        >
          {text.start}
        </Button>
        <Button
          variant="default"
          leftSection={<IconPlayerStop size={17} aria-hidden />}
          disabled={progress === null}
          onClick={cancelBenchmark}
        >
          {text.cancel}
        </Button>
      </Group>
      {progress && <ProgressLine {...progress} />}
    </Panel>
  )
}

interface OfRun {
  /** A run's SpeLLM is measured, not a base model alone. */
  readonly isRun: boolean
}

function ModesField({ isRun }: OfRun) {
  const modes = useBenchmark((state) => state.form.modes)
  return (
    <Checkbox.Group
      label={text.modes}
      description={isRun ? text.modesExplanation : text.losslessNote}
      value={[...modes]}
      onChange={(chosen) =>
        changeForm({ modes: spellmModes.filter((mode: SpellmMode) => chosen.includes(mode)) })
      }
    >
      <Group gap="md" mt={6}>
        {spellmModes.map((mode) => (
          <Checkbox
            key={mode}
            value={mode}
            label={strings.console.modes[mode]}
            disabled={mode === 'lossless' && !isRun}
          />
        ))}
      </Group>
    </Checkbox.Group>
  )
}

/** The numbers that the chosen modes have. */
function ModeNumberFields({ problems }: { readonly problems: Problems }) {
  const modes = useBenchmark((state) => state.form.modes)
  return (
    <Group gap="sm" align="start">
      {modes.includes('trie') && (
        <NumberField
          field="candidates"
          label={text.candidates}
          error={problems?.has('candidates') ? text.invalid.candidates : null}
        />
      )}
      {modes.includes('gated') && (
        <NumberField
          field="gatePercent"
          label={text.gatePercent}
          error={problems?.has('gatePercent') ? text.invalid.gatePercent : null}
        />
      )}
    </Group>
  )
}

function PrecisionField({ isRun }: OfRun) {
  const precision = useBenchmark((state) => state.form.precision)
  const labelId = useId()
  const helpId = useId()
  return (
    <Stack gap={4}>
      <Text size="sm" fw={600} id={labelId}>
        {text.precision}
      </Text>
      <div>
        <SegmentedControl
          aria-labelledby={labelId}
          aria-describedby={helpId}
          size="xs"
          // Few models have blocks that can be kept; a run that was converted with them is measured so, too.
          data={['own' as const, ...precisions.filter((name) => name !== 'kept')]
            .filter((name) => name !== 'own' || isRun)
            .map((name) => ({ value: name, label: text.precisions[name] }))}
          value={precision ?? (isRun ? 'own' : 'stored')}
          onChange={(value) => changeForm({ precision: value === 'own' ? null : value })}
        />
      </div>
      <Text size="xs" c="dimmed" id={helpId}>
        {text.precisionExplanation}
      </Text>
    </Stack>
  )
}

/** How long the contexts are, and how much is measured at each. */
function Lengths({
  problems,
  contextLength,
}: {
  readonly problems: Problems
  readonly contextLength: number
}) {
  const contexts = useBenchmark((state) => state.form.contexts)
  return (
    <Group gap="sm" align="start">
      <TextInput
        w={240}
        label={text.contexts}
        description={text.contextsExplanation}
        inputWrapperOrder={['label', 'input', 'description', 'error']}
        value={contexts}
        onChange={({ currentTarget }) => changeForm({ contexts: currentTarget.value })}
        error={problems?.has('contexts') ? text.invalid.contexts(contextLength) : null}
      />
      <NumberField
        field="steps"
        label={text.steps}
        error={problems?.has('steps') ? text.invalid.steps : null}
      />
    </Group>
  )
}

function NumberField({
  field,
  label,
  error,
}: {
  readonly field: 'candidates' | 'gatePercent' | 'steps'
  readonly label: string
  /** null: what was typed is right. */
  readonly error: string | null
}) {
  const value = useBenchmark((state) => state.form[field])
  return (
    <NumberInput
      w={180}
      label={label}
      value={value}
      onChange={(typed) => changeForm({ [field]: typed === '' ? '' : Number(typed) })}
      error={error}
      hideControls
      clampBehavior="none"
    />
  )
}

function ProgressLine({
  stage,
  done,
  total,
}: NonNullable<ReturnType<typeof useBenchmark.getState>['progress']>) {
  const share = total === 0 ? 0 : Math.min(1, done / total)
  return (
    <Stack gap={4}>
      <Progress.Root size="lg">
        <Progress.Section
          value={100 * share}
          aria-label={text.progress}
          aria-valuetext={`${text.stages[stage]} ${formatPercent(share, 0)}`}
        />
      </Progress.Root>
      <Text size="sm" c="dimmed" className="fact-value">
        {text.stages[stage]} {total > 0 && text.progressValue(done, total)}
      </Text>
    </Stack>
  )
}
