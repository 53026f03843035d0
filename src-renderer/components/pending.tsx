import { Stack } from '@mantine/core'
import type { ReactNode } from 'react'
import { strings } from '../strings/index.ts'
import { ErrorNotice } from './error-notice.tsx'

/** In place of what is not there yet: `children`, its outline, or why it can't be had. */
export function Pending({
  error,
  onRetry,
  children,
}: {
  /** null: it is on its way. */
  readonly error: unknown
  readonly onRetry: () => void
  readonly children: ReactNode
}) {
  if (error !== null) return <ErrorNotice error={error} onRetry={onRetry} />
  return (
    <Stack role="status" aria-busy aria-label={strings.app.loading}>
      {children}
    </Stack>
  )
}
