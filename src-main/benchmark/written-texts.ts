import { setImmediate } from 'node:timers/promises'
import type { KvContext } from '../decode/generate.ts'
import type { GenerationMode, TextGenerator, TextOptions } from '../decode/text-generator.ts'
import { CancelledError } from '../base/errors.ts'
import { median, medianError, quartiles } from '../base/median.ts'

/** A text that a mode wrote. Counted is what came after its first token, whose passes are the prompt's. */
export interface WrittenText {
  readonly tokens: readonly number[]
  /** Those after the first, and the one that ended the text, which takes passes as others do. */
  readonly steps: number
  readonly milliseconds: number
  readonly trunkPasses: number
  readonly headPasses: number
  /** States that the head looked at, in all. */
  readonly headRows: number
  /** Whether lossless mode left the text, or the rest of it, to the base model. */
  readonly isBaseAlone: boolean
}

/** What the modes wrote after one prompt. */
export type WrittenTexts = ReadonlyMap<GenerationMode, WrittenText>

/** How a mode's texts were written, compared with base mode's after the same prompts. */
export interface ModeTexts {
  readonly mode: GenerationMode
  /** The median over texts; null: none was long enough to tell. */
  readonly msPerToken: number | null
  /** How far `msPerToken` may be off by chance, milliseconds. */
  readonly msPerTokenError: number | null
  /** Base mode's time a token over its own after the same prompt, the median over texts. */
  readonly speedup: number | null
  /** First and third quartile of these ratios. */
  readonly speedupQuartiles: readonly [number, number] | null
  /** How far `speedup` may be off by chance. */
  readonly speedupError: number | null
  readonly texts: number
  readonly tokens: number
  /** Texts that are base mode's, token for token. */
  readonly identicalTexts: number
  /** Passes a token. */
  readonly trunkPasses: number
  readonly headPasses: number
  /** States a pass of the head; 0 without one. */
  readonly rows: number
  /** Texts that lossless mode left to the base model, from the beginning or from some token on. */
  readonly baseAlone: number
}

export interface WritingOptions extends Pick<
  TextOptions,
  'candidates' | 'gateShare' | 'maxTokens' | 'sampling' | 'signal' | 'turn'
> {
  /** Base mode among them. */
  readonly modes: readonly GenerationMode[]
  /** Called after each prompt, with its texts. */
  readonly onPrompt?: (texts: WrittenTexts) => Promise<void> | void
  /** Called after each text, which has at most `maxTokens` tokens. */
  readonly onText?: () => void
}

/** Tokens of each mode's first text, which isn't measured: it loads the head and measures what passes cost. */
const warmUpTokens = 32

/**
 * Lets modes continue the same prompts in turns as `spellm generate` does, each prompt read before the clock starts.
 * The order turns round from prompt to prompt, lest one mode always finds a warmer machine.
 *
 * @param prompts tokens; at least one
 * @throws CancelledError when the signal fires, and as `TextGenerator.write`
 */
export async function writeInTurns(
  generator: TextGenerator,
  prompts: readonly (readonly number[])[],
  { modes, onPrompt, onText, ...options }: WritingOptions,
): Promise<WrittenTexts[]> {
  const kvContext = generator.createKvContext()
  const texts: WrittenTexts[] = []
  try {
    for (const mode of modes)
      await write(generator, kvContext, prompts[0]!, { ...options, mode, maxTokens: warmUpTokens })
    for (const [i, prompt] of prompts.entries()) {
      const written = new Map<GenerationMode, WrittenText>()
      for (const mode of i % 2 === 0 ? modes : modes.toReversed()) {
        written.set(mode, await write(generator, kvContext, prompt, { ...options, mode }))
        onText?.()
      }
      texts.push(written)
      await onPrompt?.(written)
    }
  } finally {
    kvContext.cache.release()
  }
  return texts
}

type ModeOptions = Pick<
  TextOptions,
  'mode' | 'maxTokens' | 'sampling' | 'candidates' | 'gateShare' | 'signal' | 'turn'
>

async function write(
  generator: TextGenerator,
  kvContext: KvContext,
  prompt: readonly number[],
  options: ModeOptions,
): Promise<WrittenText> {
  // What another mode wrote before leaves no room behind that this one would have to read.
  kvContext.cache.truncate(Math.min(kvContext.cache.length, prompt.length))
  kvContext.cache.shrink()
  const tokens: number[] = []
  const passes = { trunkPasses: 0, headPasses: 0, headRows: 0 }
  let isBaseAlone = false
  let started = 0
  const pieces = generator.write(prompt, kvContext, {
    stop: [],
    ...options,
    onTrunkPass: () => {
      if (tokens.length > 0) passes.trunkPasses++
    },
    onHeadPass: (rows) => {
      if (tokens.length === 0) return
      passes.headPasses++
      passes.headRows += rows
    },
    onNotice: () => (isBaseAlone = true),
  })
  let next = await pieces.next()
  for (; next.done !== true; next = await pieces.next()) {
    const { token } = next.value
    if (token === null) continue
    if (tokens.length === 0) started = performance.now()
    tokens.push(token)
    // onnxruntime runs on this thread: let signals and messages in between.
    await setImmediate()
  }
  const milliseconds = tokens.length === 0 ? 0 : performance.now() - started
  if (options.signal?.aborted) throw new CancelledError()
  const steps = Math.max(0, tokens.length - 1 + Number(next.value === 'stop'))
  return { tokens, steps, milliseconds, ...passes, isBaseAlone }
}

/** What some modes' texts come to, in the order of `modes`. */
export function summariseTexts(
  texts: readonly WrittenTexts[],
  modes: readonly GenerationMode[],
): ModeTexts[] {
  return modes.map((mode) => {
    const pairs = texts.map((text) => ({ own: text.get(mode)!, base: text.get('base')! }))
    const sum = (value: (text: WrittenText) => number) =>
      pairs.reduce((total, { own }) => total + value(own), 0)
    const timed = pairs.filter(({ own, base }) => own.steps > 0 && base.steps > 0)
    const times = timed.map(({ own }) => own.milliseconds / own.steps)
    const ratios = timed.map(
      ({ own, base }) => base.milliseconds / base.steps / (own.milliseconds / own.steps),
    )
    const steps = Math.max(
      1,
      sum((text) => text.steps),
    )
    const headPasses = sum((text) => text.headPasses)
    const isTimed = timed.length > 0
    return {
      mode,
      msPerToken: isTimed ? median(times) : null,
      msPerTokenError: isTimed ? medianError(times) : null,
      speedup: isTimed ? median(ratios) : null,
      speedupQuartiles: isTimed ? quartiles(ratios) : null,
      speedupError: isTimed ? medianError(ratios) : null,
      texts: pairs.length,
      tokens: sum((text) => text.tokens.length),
      identicalTexts: pairs.filter(({ own, base }) => own.tokens.join() === base.tokens.join()).length,
      trunkPasses: sum((text) => text.trunkPasses) / steps,
      headPasses: headPasses / steps,
      rows: headPasses === 0 ? 0 : sum((text) => text.headRows) / headPasses,
      baseAlone: pairs.filter(({ own }) => own.isBaseAlone).length,
    }
  })
}
