import { Group, Paper, Progress, Stack, Text } from '@mantine/core'
import type { RunSummary } from '../../../src-main/contract/index.ts'
import { ProblemNotice } from '../../components/error-notice.tsx'
import { FactRow, type Fact } from '../../components/facts.tsx'
import { useChanges, type ChangeSource } from '../../components/limited-rate.ts'
import type { RunCurves } from '../../runs/run-curves.ts'
import { StatusLabel } from '../../runs/status-label.tsx'
import { formatMoment, formatPercent, formatSignificant } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'

const text = strings.training
const factMilliseconds = 250

/** Status, progress and the numbers of the moment. */
export function RunState({
  run,
  curves,
  changes,
}: {
  readonly run: RunSummary
  readonly curves: RunCurves | null
  readonly changes: ChangeSource
}) {
  const { status, progress, problem, base } = run
  const isActive = status === 'running' || status === 'pausing'
  const explanation = explanations[status]
  return (
    <Stack gap="md">
      <Paper withBorder p="md">
        <Stack gap="sm">
          <Group gap="md" role="status">
            <StatusLabel status={status} />
            {isActive && progress && <Text size="sm">{strings.runs.phase[progress.phase]}</Text>}
            <Text size="sm" c="dimmed">
              {text.base(base.name)}
            </Text>
            {explanation !== undefined && (
              <Text size="sm" c="dimmed">
                {explanation}
              </Text>
            )}
          </Group>
          {isActive && progress && progress.total > 0 && <PhaseProgress progress={progress} />}
          {status !== 'broken' && <Facts run={run} curves={curves} changes={changes} />}
        </Stack>
      </Paper>
      {problem && <ProblemNotice problem={problem} />}
    </Stack>
  )
}

const explanations: Partial<Record<RunSummary['status'], string>> = {
  queued: text.queuedExplanation,
  pausing: text.pausingExplanation,
  paused: text.pausedExplanation,
  interrupted: text.interruptedExplanation,
}

function PhaseProgress({ progress }: { readonly progress: NonNullable<RunSummary['progress']> }) {
  const { done, total, rate, secondsLeft } = progress
  const percent = Math.min(100, (100 * done) / total)
  return (
    <Stack gap={4}>
      <Progress.Root size="lg">
        <Progress.Section
          value={percent}
          aria-label={text.progress}
          aria-valuetext={`${formatPercent(percent / 100, 0)}, ${text.progressValue(done, total)}`}
        />
      </Progress.Root>
      <Group gap="lg">
        <Text size="sm" className="fact-value">
          {formatPercent(percent / 100, 0)}
        </Text>
        <Text size="sm" c="dimmed" className="fact-value">
          {text.progressValue(done, total)}
        </Text>
        {rate !== null && (
          <Text size="sm" c="dimmed" className="fact-value">
            {text.tokensPerSecond(rate)}
          </Text>
        )}
        {secondsLeft !== null && (
          <Text size="sm" c="dimmed" className="fact-value">
            {text.timeLeft(secondsLeft)}
          </Text>
        )}
      </Group>
    </Stack>
  )
}

function Facts({
  run,
  curves,
  changes,
}: {
  readonly run: RunSummary
  readonly curves: RunCurves | null
  readonly changes: ChangeSource
}) {
  useChanges(changes, factMilliseconds)
  const latest = (column: readonly number[] | undefined, format: (value: number) => string) => {
    const value = column?.at(-1)
    return value === undefined ? text.unknown : format(value)
  }
  const facts: Fact[] = [
    { name: text.step, value: text.stepOf(curves?.step.at(-1) ?? run.step, run.steps) },
    { name: text.latestLoss, value: latest(curves?.loss, formatSignificant) },
    { name: text.latestAgreement, value: latest(curves?.trieAgreement, formatPercent) },
    { name: text.throughput, value: latest(curves?.tokensPerSecond, text.tokensPerSecond) },
    ...(run.settings ? [{ name: text.device, value: strings.devices.shortNames[run.settings.device] }] : []),
    { name: text.started, value: formatMoment(run.created) },
  ]
  return <FactRow facts={facts} />
}
