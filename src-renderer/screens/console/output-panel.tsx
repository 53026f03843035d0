import {
  ActionIcon,
  Button,
  CopyButton,
  Group,
  Loader,
  Paper,
  Stack,
  Text,
  Title,
  Tooltip,
} from '@mantine/core'
import { IconArrowForwardUp, IconCheck, IconCopy } from '@tabler/icons-react'
import { useId } from 'react'
import { ErrorNotice } from '../../components/error-notice.tsx'
import { strings } from '../../strings/index.ts'
import type { Chat, Side } from './chat.ts'
import { setPrompt } from './console-store.ts'
import { isOpen, medianMilliseconds, textOf, type GenerationOutput } from './generation-output.ts'
import { outputName } from './output-name.ts'
import { TokenText } from './token-text.tsx'
import { Transcript } from './transcript.tsx'

const text = strings.console

/** What one model has written, how fast, and what can be done with it. */
export function OutputPanel({
  side,
  output,
  prompt,
  chat,
  note,
  differs,
  selectedIndex,
  speedup,
}: {
  readonly side: Side
  readonly output: GenerationOutput
  readonly prompt: string
  /** What came before the prompt, if it is a message of a conversation. */
  readonly chat: Chat | null
  /** More on the mode. */
  readonly note: string | null
  /** For each token, whether the other model lacks it; null: not compared. */
  readonly differs: readonly boolean[] | null
  readonly selectedIndex: number | null
  /** How many times as fast as the base; null: not known. */
  readonly speedup: number | null
}) {
  const headingId = useId()
  const written = textOf(output)
  const isBusy = isOpen(output)
  return (
    <Paper
      withBorder
      p="md"
      component="section"
      className="console-panel"
      aria-labelledby={headingId}
      aria-busy={isBusy}
    >
      <Group gap="xs" wrap="nowrap">
        <Title order={3} size="h5" id={headingId}>
          {outputName(output.mode)}
        </Title>
        {note !== null && (
          <Text size="xs" c="dimmed">
            {note}
          </Text>
        )}
        {isBusy && <Loader size={14} aria-hidden />}
      </Group>
      <Speed output={output} speedup={speedup} />
      <Stack gap="sm">
        {chat && <Transcript side={side} mode={output.mode} chat={chat} message={prompt} />}
        {output.status === 'waiting' ? (
          <Text size="sm" c="dimmed">
            {text.waiting}
          </Text>
        ) : (
          <TokenText side={side} output={output} differs={differs} selectedIndex={selectedIndex} />
        )}
        {output.status === 'failed' && <ErrorNotice error={output.error} />}
      </Stack>
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed" role="status">
          {statusText(output)}
        </Text>
        <Group gap={4} wrap="nowrap">
          {!chat && <ContinueButton newPrompt={prompt + written} isDisabled={isBusy || written === ''} />}
          <CopyOutputButton written={written} />
        </Group>
      </Group>
    </Paper>
  )
}

/** Makes what was written a part of the prompt. */
function ContinueButton({
  newPrompt,
  isDisabled,
}: {
  readonly newPrompt: string
  readonly isDisabled: boolean
}) {
  return (
    <Tooltip label={text.continueHelp} multiline maw={260}>
      <Button
        size="compact-xs"
        variant="subtle"
        color="gray"
        leftSection={<IconArrowForwardUp size={15} aria-hidden />}
        disabled={isDisabled}
        onClick={() => setPrompt(newPrompt)}
      >
        {text.continueHere}
      </Button>
    </Tooltip>
  )
}

function CopyOutputButton({ written }: { readonly written: string }) {
  return (
    <CopyButton value={written}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? text.copied : text.copy}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={26}
            aria-label={copied ? text.copied : text.copy}
            disabled={written === ''}
            onClick={copy}
          >
            {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  )
}

function Speed({ output, speedup }: { readonly output: GenerationOutput; readonly speedup: number | null }) {
  const median = medianMilliseconds(output)
  const { tokens, tokensPerSecond, end } = output
  return (
    <Group gap="2px 14px" className="console-speed">
      {tokens.length > 0 && <span>{text.tokenCount(tokens.length)}</span>}
      {tokensPerSecond !== null && <strong>{text.rate(tokensPerSecond)}</strong>}
      {median !== null && (
        <Tooltip label={text.medianTimeHelp}>
          <span>{text.medianTime(median)}</span>
        </Tooltip>
      )}
      {end && end.promptMilliseconds > 0 && <span>{text.promptTime(end.promptMilliseconds)}</span>}
      {end && <span>{strings.devices.shortNames[end.device]}</span>}
      {speedup !== null && (
        <Tooltip label={text.speedHelp} multiline maw={300}>
          <strong>{text.speed(speedup)}</strong>
        </Tooltip>
      )}
    </Group>
  )
}

function statusText({ status, end }: GenerationOutput): string {
  switch (status) {
    case 'waiting':
      return ''
    case 'streaming':
      return text.generating
    case 'ended':
      return end ? text.endReason[end.reason] : ''
    case 'stopped':
      return text.stopped
    case 'failed':
      return text.failed
    case 'saved':
      return text.saved
  }
}
