import { Alert, Group, Loader, Skeleton, Stack, Text, VisuallyHidden } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { Estimate } from '../../../src-main/contract/index.ts'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { Panel } from '../../components/panel.tsx'
import { ShareBar } from '../../components/share-bar.tsx'
import { formatCount } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import type { LiveEstimate } from './use-estimate.ts'

const words = strings.wizard.estimate

/** What the run will take in time, disk and memory, and whether this machine has it. */
export function EstimatePanel({
  live: { answer, isOld, error, retry },
  hasRequest,
}: {
  readonly live: LiveEstimate
  /** Whether there is anything to estimate. */
  readonly hasRequest: boolean
}) {
  return (
    <Panel
      title={words.title}
      actions={isOld && <Loader size="xs" role="status" aria-label={strings.wizard.updating} />}
    >
      {hasRequest && error !== null ? (
        <ErrorNotice error={error} onRetry={retry} />
      ) : !hasRequest ? (
        <Text size="sm" c="dimmed">
          {words.waiting}
        </Text>
      ) : answer ? (
        <Amounts estimate={answer.estimate} />
      ) : (
        <Skeleton height={220} />
      )}
    </Panel>
  )
}

function Amounts({ estimate }: { readonly estimate: Estimate }) {
  const { seconds, disk, memory, steps, tokens, tailParameters, tokenSymbols, tailShare } = estimate
  return (
    <Stack gap="sm">
      <VisuallyHidden role="status">
        {words.summary(seconds.low, seconds.high, disk.needed, memory.needed)}
      </VisuallyHidden>
      <Stack component="dl" gap="xs" m={0}>
        <Amount name={words.time} value={words.timeRange(seconds.low, seconds.high)} isMain />
        <Amount name={words.steps} value={formatCount(steps)} />
        <Amount name={words.tokens} value={formatCount(tokens)} />
        <Amount name={words.tail} value={words.tailValue(tailParameters)} />
        {tailShare !== null && (
          <>
            <Amount name={words.tokenSymbols} value={formatCount(tokenSymbols)} />
            <Amount name={words.tailShare} value={words.tailShareValue(tailShare)} />
          </>
        )}
      </Stack>
      {steps === 0 && <Shortage title={words.noSteps} remedy={words.noStepsRemedy} />}
      <Need name={words.disk} {...disk} shortage={words.diskShort} remedy={words.diskRemedy} />
      <Need name={words.memory} {...memory} shortage={words.memoryShort} remedy={words.memoryRemedy} />
    </Stack>
  )
}

function Amount({
  name,
  value,
  isMain = false,
}: {
  readonly name: string
  readonly value: string
  readonly isMain?: boolean
}) {
  return (
    <Group justify="space-between" gap="sm" wrap="nowrap" align="baseline">
      <Text component="dt" size="sm" c="dimmed">
        {name}
      </Text>
      <Text
        component="dd"
        m={0}
        size={isMain ? 'md' : 'sm'}
        fw={isMain ? 700 : 500}
        ta="right"
        className="fact-value"
      >
        {value}
      </Text>
    </Group>
  )
}

function Need({
  name,
  needed,
  free,
  shortage,
  remedy,
}: {
  readonly name: string
  readonly needed: number
  readonly free: number
  readonly shortage: string
  readonly remedy: string
}) {
  const isShort = needed > free
  return (
    <Stack gap="xs">
      <ShareBar
        label={`${name}: ${words.ofFree(needed, free)}`}
        share={needed / Math.max(free, 1)}
        isTooMuch={isShort}
      />
      {isShort && <Shortage title={shortage} remedy={remedy} />}
    </Stack>
  )
}

function Shortage({ title, remedy }: { readonly title: string; readonly remedy: string }) {
  return (
    <Alert color="yellow" icon={<IconAlertTriangle />} title={title} role="alert">
      {remedy}
    </Alert>
  )
}
