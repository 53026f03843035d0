import { Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { RunSummary } from '../../src-main/contract/index.ts'
import { ConfirmDialog } from '../components/confirm-dialog.tsx'
import { queries } from '../connection/engine.ts'
import { strings } from '../strings/index.ts'
import { isActive } from './run-actions.ts'

/**
 * Asks before a run is deleted, then deletes it.
 *
 * @param run null: the dialog is closed
 */
export function DeleteRunDialog({
  run,
  onClose,
  onDeleted,
}: {
  readonly run: Pick<RunSummary, 'id' | 'status'> | null
  readonly onClose: () => void
  readonly onDeleted?: (id: string) => void
}) {
  const remove = useMutation(queries.runs.remove.mutationOptions())
  const close = () => {
    remove.reset()
    onClose()
  }
  return (
    <ConfirmDialog
      opened={run !== null}
      title={strings.runs.deleteTitle(run?.id ?? '')}
      confirmLabel={strings.runs.delete}
      cancelLabel={strings.runs.cancel}
      isBusy={remove.isPending}
      error={remove.error}
      onConfirm={() => {
        if (!run) return
        remove.mutate(
          { id: run.id },
          {
            onSuccess: () => {
              close()
              onDeleted?.(run.id)
            },
          },
        )
      }}
      onClose={close}
    >
      <Text size="sm">
        {run && isActive(run.status) ? strings.runs.deleteActive : strings.runs.deleteStored}{' '}
        {strings.runs.deleteBase}
      </Text>
    </ConfirmDialog>
  )
}
