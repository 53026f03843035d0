import { setImmediate } from 'node:timers/promises'
import { baseChooser } from '../decode/chooser.ts'
import { generate, newKvContext, prepareContext, type GenerateOptions } from '../decode/generate.ts'
import { generateLossless } from '../decode/lossless.ts'
import { spellingDrafter } from '../decode/spelling-drafter.ts'
import { CancelledError } from '../base/errors.ts'
import type { Architecture } from '../models/architecture.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import type { BenchmarkSessions } from './token-parts.ts'

/** What a token costs on text, where lossless mode's drafts are as good as they are. Times in milliseconds a token. */
export interface TextTimes {
  /** Tokens that each of the two wrote. */
  readonly tokens: number
  readonly base: number
  readonly lossless: number
  /** 1 − lossless / base. */
  readonly reduction: number
  /** Tokens for each pass over the base model's LM head. */
  readonly tokensPerHeadPass: number
}

/** Texts, and sampled tokens that each begins with. */
const texts = 2
const beginning = 16

/** Tokens that `measureTextTimes` writes, for progress. */
export const textTokensOf = (tokens: number) => 2 * texts * tokens

/**
 * Base model and lossless mode write the same texts in turns, greedily. Each text continues sixteen tokens that
 * the base model draws, and ends at no stop token; reading its beginning does not count.
 *
 * @param threshold of lossless mode's drafts
 * @throws CancelledError when the signal fires
 */
export async function measureTextTimes(
  sessions: BenchmarkSessions,
  architecture: Architecture,
  threshold: number,
  {
    tokens,
    signal,
    turn = ownTurn,
    onToken,
  }: {
    /** Number of tokens of each text. */
    readonly tokens: number
    readonly signal?: AbortSignal | undefined
    readonly turn?: Turn
    readonly onToken?: () => void
  },
): Promise<TextTimes> {
  const { trunk, baseTrunk, head, rows, tail } = sessions
  let computed = 0
  const timed: Turn = (work) =>
    turn(async () => {
      const started = performance.now()
      try {
        return await work()
      } finally {
        computed += performance.now() - started
      }
    })
  let headPasses = 0
  const countedHead = {
    logits: (hidden: Float32Array) => head.logits(hidden),
    choices: (hidden: Float32Array) => {
      headPasses++
      return head.greedyRows(hidden)
    },
  }
  const drafter = spellingDrafter({ tail, rows, threshold })
  const options = (maxTokens: number): GenerateOptions => ({
    maxTokens,
    stopTokens: [],
    contextLength: architecture.contextLength,
    turn: timed,
    ...(signal ? { signal } : {}),
  })
  const written = { base: 0, lossless: 0 }
  const times = { base: 0, lossless: 0 }
  for (let text = 0; text < texts; text++) {
    const prompt = await drawBeginning(sessions, architecture, text, options(beginning))
    for (const mode of ['base', 'lossless'] as const) {
      const own = mode === 'base' ? baseTrunk : trunk
      const kvContext = newKvContext(own)
      await turn(await prepareContext(own, kvContext, prompt, 'none', turn))
      computed = 0
      const stream =
        mode === 'base'
          ? generate(baseTrunk, baseChooser(head, null), kvContext, prompt, options(tokens))
          : generateLossless({ trunk, drafter, head: countedHead }, kvContext, prompt, options(tokens))
      while ((await stream.next()).done !== true) {
        written[mode]++
        onToken?.()
        await setImmediate()
      }
      if (signal?.aborted) throw new CancelledError()
      times[mode] += computed
    }
  }
  const base = times.base / written.base
  const lossless = times.lossless / written.lossless
  return {
    tokens: written.base,
    base,
    lossless,
    reduction: 1 - lossless / base,
    tokensPerHeadPass: written.lossless / headPasses,
  }
}

/** What a text begins with, drawn by the base model. */
async function drawBeginning(
  { baseTrunk, head }: BenchmarkSessions,
  { beginToken, endTokens }: Architecture,
  seed: number,
  options: GenerateOptions,
): Promise<number[]> {
  const first = [beginToken ?? endTokens[0] ?? 0]
  const drawing = baseChooser(head, { temperature: 1, seed })
  const drawn: number[] = []
  for await (const token of generate(baseTrunk, drawing, newKvContext(baseTrunk), first, options))
    drawn.push(token)
  return [...first, ...drawn]
}
