import { Text } from '@mantine/core'
import { Fragment } from 'react'
import type { ConsoleMode } from '../../../src-main/contract/index.ts'
import { strings } from '../../strings/index.ts'
import type { Chat, Side } from './chat.ts'
import { outputName } from './output-name.ts'

const text = strings.console

/** A conversation as one of the models knows it, up to the message that it answers now. */
export function Transcript({
  side,
  mode,
  chat: { system, earlier },
  message,
}: {
  readonly side: Side
  readonly mode: ConsoleMode
  readonly chat: Chat
  readonly message: string
}) {
  return (
    <div className="console-transcript">
      {system.trim() !== '' && <Line who={text.systemName} said={system} />}
      {earlier.map((turn, index) => (
        <Fragment key={index}>
          <Line who={text.you} said={turn.message} />
          <Line who={outputName(mode)} said={turn.answers[side] ?? ''} />
        </Fragment>
      ))}
      <Line who={text.you} said={message} />
      <Text size="xs" c="dimmed">
        {outputName(mode)}
      </Text>
    </div>
  )
}

function Line({ who, said }: { readonly who: string; readonly said: string }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {who}
      </Text>
      <Text size="sm" className="console-said">
        {said.trim()}
      </Text>
    </div>
  )
}
