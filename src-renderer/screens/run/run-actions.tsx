import { Button, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconFlagCheck, IconPlayerPause, IconPlayerPlay, IconTerminal2, IconTrash } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import type { RunSummary } from '../../../src-main/contract/index.ts'
import { ConfirmDialog } from '../../components/confirm-dialog.tsx'
import { showError } from '../../components/show-error.ts'
import { queries } from '../../connection/engine.ts'
import { goTo, paths } from '../../navigation.ts'
import { DeleteRunDialog } from '../../runs/delete-run-dialog.tsx'
import { actionsOf, type RunAction } from '../../runs/run-actions.ts'
import { strings } from '../../strings/index.ts'

const text = strings.training

/** What can be done with a run in its present state. */
export function RunActions({ run }: { readonly run: RunSummary }) {
  const phase = run.status === 'running' ? run.progress?.phase : undefined
  const isTraining = phase === 'train' || phase === 'sampling'
  const actions = actionsOf(run.status).map((action) => {
    const ActionButton = buttons[action]
    return <ActionButton key={action} run={run} />
  })
  return isTraining ? [<FinishButton key="finish" run={run} />, ...actions] : actions
}

const buttons: Record<RunAction, (props: { readonly run: RunSummary }) => React.ReactNode> = {
  pause: PauseButton,
  continue: ContinueButton,
  test: TestButton,
  delete: DeleteButton,
}

function PauseButton({ run }: { readonly run: RunSummary }) {
  const pause = useMutation(queries.runs.pause.mutationOptions({ onError: showError }))
  return (
    <Button
      variant="default"
      leftSection={<IconPlayerPause size={17} aria-hidden />}
      loading={pause.isPending}
      onClick={() => pause.mutate({ id: run.id })}
    >
      {run.status === 'queued' ? text.leaveQueue : strings.runs.pause}
    </Button>
  )
}

function ContinueButton({ run }: { readonly run: RunSummary }) {
  const resume = useMutation(queries.runs.resume.mutationOptions({ onError: showError }))
  return (
    <Button
      leftSection={<IconPlayerPlay size={17} aria-hidden />}
      loading={resume.isPending}
      onClick={() => resume.mutate({ id: run.id })}
    >
      {strings.runs.continue}
    </Button>
  )
}

function TestButton({ run }: { readonly run: RunSummary }) {
  return (
    <Button leftSection={<IconTerminal2 size={17} aria-hidden />} onClick={() => goTo(paths.console(run.id))}>
      {text.testInConsole}
    </Button>
  )
}

function FinishButton({ run }: { readonly run: RunSummary }) {
  const [isOpen, dialog] = useDisclosure(false)
  const finish = useMutation(queries.runs.finishEarly.mutationOptions({ onSuccess: dialog.close }))
  return (
    <>
      <Button variant="default" leftSection={<IconFlagCheck size={17} aria-hidden />} onClick={dialog.open}>
        {text.finishNow}
      </Button>
      <ConfirmDialog
        opened={isOpen}
        title={text.finishTitle}
        confirmLabel={text.finishNow}
        cancelLabel={strings.runs.cancel}
        isBusy={finish.isPending}
        error={finish.error}
        onConfirm={() => finish.mutate({ id: run.id })}
        onClose={dialog.close}
      >
        <Text size="sm">{text.finishExplanation(run.step, run.steps)}</Text>
      </ConfirmDialog>
    </>
  )
}

function DeleteButton({ run }: { readonly run: RunSummary }) {
  const [isOpen, dialog] = useDisclosure(false)
  return (
    <>
      <Button variant="default" leftSection={<IconTrash size={17} aria-hidden />} onClick={dialog.open}>
        {strings.runs.delete}
      </Button>
      <DeleteRunDialog run={isOpen ? run : null} onClose={dialog.close} />
    </>
  )
}
