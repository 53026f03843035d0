import { Button, Group, Kbd, Textarea } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconRefresh, IconSend, IconTrash } from '@tabler/icons-react'
import type { ConsoleSource } from '../../../src-main/contract/index.ts'
import { describeShortcut } from '../../actions/describe-shortcut.ts'
import { strings } from '../../strings/index.ts'
import { chatAfter } from './chat-after.ts'
import type { GenerationOptions } from './console-form.ts'
import { useConsole } from './console-store.ts'
import { startGeneration, stopGeneration } from './generation.ts'
import { StopButton, useIsGenerating } from './stop-button.tsx'

const text = strings.console
const sendKeys = 'mod+Enter'

/** The next message of a conversation, and what can be done with the one before. */
export function ChatFields({
  source,
  options,
}: {
  readonly source: ConsoleSource
  /** null: some are wrong. */
  readonly options: GenerationOptions | null
}) {
  const message = useConsole((state) => state.message)
  const system = useConsole((state) => state.system)
  const last = useConsole(({ session }) => (session?.chat ? session : null))
  const isGenerating = useIsGenerating()
  const canSend = options !== null && message.trim() !== '' && !isGenerating
  const send = () => {
    if (!canSend) return
    startGeneration({ source, prompt: message, chat: chatAfter(last, system), options })
    useConsole.setState({ message: '' })
  }
  const regenerate = () => {
    if (last?.chat && options)
      startGeneration({ source, prompt: last.prompt, chat: { ...last.chat, system }, options })
  }
  const clear = () => {
    stopGeneration()
    useConsole.setState({ session: null, selected: null })
  }
  useHotkeys([[sendKeys, send]], [])
  return (
    <>
      <Textarea
        label={text.system}
        placeholder={text.systemPlaceholder}
        autosize
        minRows={1}
        maxRows={6}
        value={system}
        onChange={({ currentTarget }) => useConsole.setState({ system: currentTarget.value })}
      />
      <Textarea
        label={text.message}
        placeholder={text.messagePlaceholder}
        autosize
        minRows={3}
        maxRows={14}
        value={message}
        onChange={({ currentTarget }) => useConsole.setState({ message: currentTarget.value })}
      />
      <Group gap="xs">
        <Button
          leftSection={<IconSend size={17} aria-hidden />}
          rightSection={<Kbd size="xs">{describeShortcut(sendKeys)}</Kbd>}
          disabled={!canSend}
          onClick={send}
        >
          {text.send}
        </Button>
        <StopButton />
        <Button
          variant="default"
          leftSection={<IconRefresh size={17} aria-hidden />}
          disabled={!last || !options || isGenerating}
          onClick={regenerate}
        >
          {text.regenerate}
        </Button>
        <Button
          variant="default"
          leftSection={<IconTrash size={17} aria-hidden />}
          disabled={!last}
          onClick={clear}
        >
          {text.clear}
        </Button>
      </Group>
    </>
  )
}
