import { memo, useRef, useState } from 'react'
import { visibleText } from '../../components/tokens/visible-text.ts'
import { strings } from '../../strings/index.ts'
import type { Side } from './chat.ts'
import { selectToken } from './console-store.ts'
import type { GeneratedToken, GenerationOutput } from './generation-output.ts'
import { outputName } from './output-name.ts'

const text = strings.console

/**
 * The tokens of an output as running text. Each is a button that opens its detail; together they are one stop
 * of the tab key, and the arrow keys move within.
 */
export function TokenText({
  side,
  output,
  differs,
  selectedIndex,
}: {
  readonly side: Side
  readonly output: GenerationOutput
  readonly differs: readonly boolean[] | null
  readonly selectedIndex: number | null
}) {
  const [reachable, setReachable] = useState(0)
  const container = useRef<HTMLDivElement>(null)
  const { tokens } = output
  const moveTo = (index: number) => {
    const next = Math.min(Math.max(index, 0), tokens.length - 1)
    setReachable(next)
    container.current?.querySelectorAll<HTMLElement>('[role=button]')[next]?.focus()
  }
  const moves: Record<string, number> = {
    ArrowLeft: reachable - 1,
    ArrowRight: reachable + 1,
    ArrowUp: reachable - 10,
    ArrowDown: reachable + 10,
    Home: 0,
    End: tokens.length - 1,
  }
  return (
    <div
      ref={container}
      className="console-text"
      role="group"
      aria-label={text.outputOf(outputName(output.mode))}
      aria-description={text.outputHint}
      onKeyDown={(event) => {
        const move = moves[event.key]
        if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return
        event.preventDefault()
        moveTo(move)
      }}
    >
      {tokens.map((token, index) => (
        <Token
          key={index}
          token={token}
          side={side}
          index={index}
          isReachable={index === reachable}
          isDifferent={differs?.[index] ?? false}
          isSelected={index === selectedIndex}
          onFocus={setReachable}
        />
      ))}
      {output.rest !== '' && <span>{output.rest}</span>}
    </div>
  )
}

const Token = memo(function Token({
  token,
  side,
  index,
  isReachable,
  isDifferent,
  isSelected,
  onFocus,
}: {
  readonly token: GeneratedToken
  readonly side: Side
  readonly index: number
  readonly isReachable: boolean
  readonly isDifferent: boolean
  readonly isSelected: boolean
  readonly onFocus: (index: number) => void
}) {
  const open = () => selectToken({ side, index })
  return (
    <span
      id={tokenElementId(side, index)}
      className="console-token"
      role="button"
      tabIndex={isReachable ? 0 : -1}
      {...(token.text.trim() === '' ? { 'aria-label': visibleText(token.text) } : {})}
      aria-pressed={isSelected}
      {...(isDifferent ? { 'data-differs': true, 'aria-description': text.differs } : {})}
      onFocus={() => onFocus(index)}
      onClick={open}
      onKeyDown={(event) => {
        if (event.ctrlKey || event.metaKey || (event.key !== 'Enter' && event.key !== ' ')) return
        event.preventDefault()
        open()
      }}
    >
      {shownText(token.text)}
    </span>
  )
})

/** The id of a token's element, to give the focus back to it. */
export const tokenElementId = (side: Side, index: number): string => `token-${side}-${index}`

/** As the text runs, but line breaks and tokens without text can be seen and pressed. */
function shownText(tokenText: string): string {
  return tokenText === '' ? visibleText('') : tokenText.replaceAll('\n', '↵\n')
}
