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
  const precisionLabel = useId()
  const precisionHelp = useId()
  return (
    <Panel title={text.settings}>
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 6 }}>
          <Stack gap="sm">
            <Checkbox.Group
              label={text.modes}
              description={source.kind === 'run' ? text.modesExplanation : text.losslessNote}
              value={[...form.modes]}
              onChange={(modes) =>
                changeForm({ modes: spellmModes.filter((mode: SpellmMode) => modes.includes(mode)) })
              }
            >
              <Group gap="md" mt={6}>
                {spellmModes.map((mode) => (
                  <Checkbox
                    key={mode}
                    value={mode}
                    label={strings.console.modes[mode]}
                    disabled={mode === 'lossless' && source.kind === 'model'}
                  />
                ))}
              </Group>
            </Checkbox.Group>
            <Group gap="sm" align="start">
              {form.modes.includes('trie') && (
                <NumberInput
                  w={180}
                  label={text.candidates}
                  value={form.candidates}
                  onChange={(value) => changeForm({ candidates: value === '' ? '' : Number(value) })}
                  error={problems?.has('candidates') ? text.invalid.candidates : null}
                  hideControls
                  clampBehavior="none"
                />
              )}
              {form.modes.includes('gated') && (
                <NumberInput
                  w={180}
                  label={text.gatePercent}
                  value={form.gatePercent}
                  onChange={(value) => changeForm({ gatePercent: value === '' ? '' : Number(value) })}
                  error={problems?.has('gatePercent') ? text.invalid.gatePercent : null}
                  hideControls
                  clampBehavior="none"
                />
              )}
            </Group>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 6 }}>
          <Stack gap="sm">
            <Stack gap={4}>
              <Text size="sm" fw={600} id={precisionLabel}>
                {text.precision}
              </Text>
              <div>
                <SegmentedControl
                  aria-labelledby={precisionLabel}
                  aria-describedby={precisionHelp}
                  size="xs"
                  // Few models have blocks that can be kept; a run that was converted with them is measured so, too.
                  data={['own' as const, ...precisions.filter((precision) => precision !== 'kept')]
                    .filter((precision) => precision !== 'own' || source.kind === 'run')
                    .map((precision) => ({ value: precision, label: text.precisions[precision] }))}
                  value={form.precision ?? (source.kind === 'run' ? 'own' : 'stored')}
                  onChange={(value) => changeForm({ precision: value === 'own' ? null : value })}
                />
              </div>
              <Text size="xs" c="dimmed" id={precisionHelp}>
                {text.precisionExplanation}
              </Text>
            </Stack>
            <Group gap="sm" align="start">
              <TextInput
                w={240}
                label={text.contexts}
                description={text.contextsExplanation}
                inputWrapperOrder={['label', 'input', 'description', 'error']}
                value={form.contexts}
                onChange={({ currentTarget }) => changeForm({ contexts: currentTarget.value })}
                error={problems?.has('contexts') ? text.invalid.contexts(contextLength) : null}
              />
              <NumberInput
                w={180}
                label={text.steps}
                value={form.steps}
                onChange={(value) => changeForm({ steps: value === '' ? '' : Number(value) })}
                error={problems?.has('steps') ? text.invalid.steps : null}
                hideControls
                clampBehavior="none"
              />
            </Group>
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
