import type { ConsoleMode, ConsoleSource, GenerationEvent } from '../../../src-main/contract/index.ts'
import { limitRate } from '../../components/limited-rate.ts'
import { engine } from '../../connection/engine.ts'
import { messagesFor, type Chat, type Side } from './chat.ts'
import type { GenerationOptions } from './console-form.ts'
import { useConsole, type Session } from './console-store.ts'
import { applyGenerationEvents, waitingOutput, type GenerationOutput } from './generation-output.ts'

export interface GenerationRequest {
  readonly source: ConsoleSource
  readonly prompt: string
  /** What came before, where the prompt is a message of a conversation. */
  readonly chat: Chat | null
  readonly options: GenerationOptions
}

/** What is being written is shown this often at most. */
const redrawMilliseconds = 100

let controller: AbortController | null = null
let sessions = 0

/**
 * Lets base and SpeLLM continue a text or answer a message, both at once; ends whatever was being generated. What they write
 * appears in the store's session.
 */
export function startGeneration({ source, prompt, chat, options }: GenerationRequest): void {
  stopGeneration()
  controller = new AbortController()
  const { signal } = controller
  const { mode, numbers, sampling, maxTokens, stop } = options
  const modes: readonly (readonly [Side, ConsoleMode])[] = [
    ['base', 'base'],
    ...(source.kind === 'run' ? [['spellm', mode] as const] : []),
  ]
  const outputs = Object.fromEntries(modes.map(([side, sideMode]) => [side, waitingOutput(sideMode)]))
  const key = ++sessions
  useConsole.setState({
    session: { key, source, prompt, chat, numbers, sampling, maxTokens, outputs },
    selected: null,
  })
  for (const [side, sideMode] of modes) {
    const stream = engine.console.generate(
      {
        source,
        mode: sideMode,
        prompt: chat ? messagesFor(side, chat, prompt) : prompt,
        ...numbers,
        sampling,
        maxTokens,
        stop,
      },
      { signal },
    )
    void follow(stream, signal, waitingOutput(sideMode), (output) => showOutput(key, side, output))
  }
}

/** Shows a prompt with results of former times. */
export function showSaved(session: Omit<Session, 'key'>): void {
  stopGeneration()
  useConsole.setState({ session: { ...session, key: ++sessions }, selected: null })
}

/** Ends what is being generated; what there is of it stays. */
export function stopGeneration(): void {
  controller?.abort()
  controller = null
}

async function follow(
  stream: ReturnType<typeof engine.console.generate>,
  signal: AbortSignal,
  start: GenerationOutput,
  show: (output: GenerationOutput) => void,
): Promise<void> {
  let output = start
  let news: GenerationEvent[] = []
  const takeIn = () => {
    output = applyGenerationEvents(output, news)
    news = []
    return output
  }
  const showSoon = limitRate(() => show(takeIn()), redrawMilliseconds)
  try {
    for await (const event of await stream) {
      if (signal.aborted) break
      news.push(event)
      showSoon.request()
    }
    if (takeIn().status !== 'ended') output = { ...output, status: 'stopped' }
  } catch (error) {
    takeIn()
    output = signal.aborted ? { ...output, status: 'stopped' } : { ...output, status: 'failed', error }
  }
  showSoon.cancel()
  show(output)
}

function showOutput(key: number, side: Side, output: GenerationOutput): void {
  useConsole.setState(({ session }) =>
    session?.key === key ? { session: { ...session, outputs: { ...session.outputs, [side]: output } } } : {},
  )
}
