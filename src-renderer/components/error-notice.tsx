import { Alert, Button, Stack, Text } from '@mantine/core'
import { IconAlertTriangle } from '@tabler/icons-react'
import type { EngineError } from '../../src-main/contract/index.ts'
import { describeError } from '../connection/engine.ts'
import { strings } from '../strings/index.ts'

/** An error with its remedy, and a way to try again where there is one. */
export function ErrorNotice({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const problem = describeError(error)
  // The top of the page says so once.
  if (problem.code === 'connection-failed') return null
  return <ProblemNotice problem={problem} {...(onRetry ? { onRetry } : {})} />
}

/** The same for a problem that the engine tells of as part of an answer. */
export function ProblemNotice({
  problem: { message, remedy },
  onRetry,
}: {
  readonly problem: Pick<EngineError, 'message' | 'remedy'>
  readonly onRetry?: () => void
}) {
  return (
    <Alert color="red" icon={<IconAlertTriangle />} title={message} role="alert">
      <Stack align="start" gap="xs">
        <Text size="sm">{remedy}</Text>
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {strings.app.tryAgain}
          </Button>
        )}
      </Stack>
    </Alert>
  )
}
