import { setImmediate } from 'node:timers/promises'
import type { GenerationMode, TextGenerator } from '../decode/text-generator.ts'
import { CancelledError } from '../errors.ts'

/** How a mode's own texts differ from the base model's, greedily from the same beginnings. */
export interface RollOutDivergence {
  readonly mode: GenerationMode
  readonly texts: number
  /** Texts that are the base model's to the end. */
  readonly identical: number
  /** Median number of tokens up to the first difference; the whole length counts where there is none. */
  readonly medianTokens: number
  readonly tokens: number
}

/**
 * Lets the base model and some modes continue the same beginnings.
 *
 * @param tokens how far each is continued
 * @throws CancelledError when the signal fires
 */
export async function measureRollOuts(
  generator: TextGenerator,
  prompts: readonly string[],
  {
    modes,
    tokens,
    onProgress,
    signal,
  }: {
    readonly modes: readonly GenerationMode[]
    readonly tokens: number
    readonly onProgress?: (done: number, total: number) => void
    readonly signal?: AbortSignal | undefined
  },
): Promise<RollOutDivergence[]> {
  const write = async (prompt: string, mode: GenerationMode) => {
    const written: number[] = []
    const options = { mode, sampling: null, maxTokens: tokens, stop: [], ...(signal ? { signal } : {}) }
    for await (const { token } of generator.write(prompt, generator.createConversation(), options))
      if (token !== null) written.push(token)
    if (signal?.aborted) throw new CancelledError()
    return written
  }
  const common = new Map(modes.map((mode) => [mode, [] as number[]]))
  const identical = new Map(modes.map((mode) => [mode, 0]))
  let done = 0
  let total = 0
  for (const prompt of prompts) {
    const expected = await write(prompt, 'base')
    total += expected.length
    for (const mode of modes) {
      const actual = await write(prompt, mode)
      const length = Math.max(expected.length, actual.length)
      let same = 0
      while (same < length && expected[same] === actual[same]) same++
      common.get(mode)!.push(same)
      if (same === length) identical.set(mode, identical.get(mode)! + 1)
      onProgress?.(++done, prompts.length * modes.length)
      await setImmediate()
    }
  }
  return modes.map((mode) => ({
    mode,
    texts: prompts.length,
    identical: identical.get(mode)!,
    medianTokens: common.get(mode)!.toSorted((a, b) => a - b)[prompts.length >> 1] ?? 0,
    tokens: total,
  }))
}
