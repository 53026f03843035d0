import { Button, Group, Modal, Stack, TextInput } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconDeviceFloppy } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { queries, queryClient } from '../../connection/engine.ts'
import { strings } from '../../strings/index.ts'
import { useConsole, type Session } from './console-store.ts'
import { isOpen, textOf } from './generation-output.ts'

const text = strings.console
const maxTitleLength = 200
const suggestedTitleLength = 60

/** Keeps the prompt of the session with its settings and results. */
export function SaveButton() {
  const session = useConsole((state) => state.session)
  const [isDialogOpen, dialog] = useDisclosure(false)
  const canSave = session !== null && !Object.values(session.outputs).some(isOpen)
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconDeviceFloppy size={17} aria-hidden />}
        disabled={!canSave}
        onClick={dialog.open}
      >
        {text.save}
      </Button>
      <Modal
        opened={isDialogOpen}
        onClose={dialog.close}
        title={text.saveTitle}
        centered
        closeButtonProps={{ 'aria-label': text.close }}
      >
        {session && <SaveForm session={session} onDone={dialog.close} />}
      </Modal>
    </>
  )
}

function SaveForm({ session, onDone }: { readonly session: Session; readonly onDone: () => void }) {
  const [title, setTitle] = useState(() => session.prompt.trim().slice(0, suggestedTitleLength))
  const save = useMutation(
    queries.prompts.save.mutationOptions({
      onSuccess: () => {
        void queryClient.invalidateQueries({ queryKey: queries.prompts.list.key() })
        onDone()
      },
    }),
  )
  const trimmed = title.trim()
  const isValid = trimmed.length > 0 && trimmed.length <= maxTitleLength
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isValid) save.mutate({ title: trimmed, ...savedPart(session) })
      }}
    >
      <Stack>
        <TextInput
          label={text.saveName}
          value={title}
          onChange={({ currentTarget }) => setTitle(currentTarget.value)}
          error={isValid ? null : text.saveNameProblem}
          data-autofocus
        />
        {save.error && <ErrorNotice error={save.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>
            {text.cancel}
          </Button>
          <Button type="submit" disabled={!isValid} loading={save.isPending}>
            {text.save}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function savedPart({ prompt, source, numbers, sampling, maxTokens, outputs }: Session) {
  return {
    prompt,
    source,
    ...numbers,
    sampling,
    maxTokens,
    results: Object.values(outputs)
      .filter(({ status }) => status !== 'failed')
      .map((output) => ({
        mode: output.mode,
        text: textOf(output),
        tokensPerSecond: output.tokensPerSecond ?? 0,
      })),
  }
}
