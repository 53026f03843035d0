import { setImmediate } from 'node:timers/promises'
import type { KvContext } from '../decode/generate.ts'
import type { GenerationMode, Prompt, TextGenerator, TextOptions } from '../decode/text-generator.ts'
import { CancelledError } from '../base/errors.ts'
import { median } from '../base/median.ts'

/** How a mode's own texts differ from the base model's, greedily from the same beginnings. */
export interface RollOutDivergence {
  readonly mode: GenerationMode
  readonly texts: number
  /** Texts that are the base model's to the end. */
  readonly identical: number
  /** Tokens up to the first difference, the mean over texts; the whole length counts where there is none. */
  readonly meanTokens: number
  /** The median of the same. */
  readonly medianTokens: number
  /** Share of all tokens that come before the first difference of their text; null of no tokens. */
  readonly sameShare: number | null
  /** Tokens that the mode wrote, in all texts. */
  readonly tokens: number
  /** Those and the ones that ended a text, which take passes as others do. */
  readonly steps: number
  /** Passes over the base model's LM head while it wrote them. */
  readonly headPasses: number
  /** States that these looked at, in all. */
  readonly headRows: number
  /**
   * Passes over the trunk: for the prompt one, which gives the first token, then one for each token or word that is
   * read.
   */
  readonly trunkPasses: number
}

/** A text by base model and modes. */
interface RollOut {
  readonly prompt: string
  readonly base: string
  readonly texts: readonly { readonly mode: GenerationMode; readonly text: string; readonly same: number }[]
}

/** What `measureRollOuts` finds. */
export interface RollOuts {
  readonly divergence: readonly RollOutDivergence[]
  /** The first texts. */
  readonly examples: readonly RollOut[]
}

const shownTexts = 8

/** What one mode wrote. */
interface Written extends Pick<RollOutDivergence, 'headPasses' | 'headRows' | 'trunkPasses'> {
  readonly tokens: number[]
  readonly text: string
  /** Whether the model ended it. */
  readonly isEnded: boolean
}

/**
 * Lets the base model and some modes continue the same beginnings.
 *
 * @param tokens how far each is continued
 * @throws CancelledError when the signal fires
 */
export async function measureRollOuts(
  generator: TextGenerator,
  prompts: readonly Prompt[],
  {
    modes,
    tokens: maxTokens,
    candidates,
    gateShare,
    onNotice,
    onProgress,
    signal,
  }: {
    readonly modes: readonly GenerationMode[]
    readonly tokens: number
    readonly candidates?: number
    readonly gateShare?: number
    /** Told where lossless mode leaves a text to the base model. */
    readonly onNotice?: (message: string) => void
    readonly onProgress?: (done: number, total: number) => void
    readonly signal?: AbortSignal | undefined
  },
): Promise<RollOuts> {
  const settings = {
    sampling: null,
    maxTokens,
    stop: [],
    ...(candidates === undefined ? {} : { candidates }),
    ...(gateShare === undefined ? {} : { gateShare }),
    ...(onNotice ? { onNotice } : {}),
    ...(signal ? { signal } : {}),
  }
  let done = 0
  const texts = await generator.forEachText(prompts, async (prompt, kvContext) => {
    const expected = await write(generator, prompt, kvContext, { ...settings, mode: 'base' })
    const byMode = new Map<GenerationMode, Written & { readonly same: number; readonly length: number }>()
    for (const mode of modes) {
      const actual = await write(generator, prompt, kvContext, { ...settings, mode })
      const length = Math.max(expected.tokens.length, actual.tokens.length)
      let same = 0
      while (same < length && expected.tokens[same] === actual.tokens[same]) same++
      byMode.set(mode, { ...actual, same, length })
      onProgress?.(++done, prompts.length * modes.length)
      await setImmediate()
    }
    const shown = typeof prompt === 'string' ? prompt : generator.tokenizer.decode(prompt)
    return { prompt: shown, base: expected.text, byMode }
  })
  const examples = texts.slice(0, shownTexts).map(({ prompt, base, byMode }): RollOut => ({
    prompt,
    base,
    texts: [...byMode].map(([mode, { text, same }]) => ({ mode, text, same })),
  }))
  const divergence = modes.map((mode) =>
    divergenceOf(
      mode,
      texts.map(({ byMode }) => byMode.get(mode)!),
    ),
  )
  return { divergence, examples }
}

async function write(
  generator: TextGenerator,
  prompt: Prompt,
  kvContext: KvContext,
  options: TextOptions,
): Promise<Written> {
  const tokens: number[] = []
  let text = ''
  const passes = { headPasses: 0, headRows: 0, trunkPasses: 0 }
  const pieces = generator.write(prompt, kvContext, {
    ...options,
    onHeadPass: (rows) => {
      passes.headPasses++
      passes.headRows += rows
    },
    onTrunkPass: () => passes.trunkPasses++,
  })
  let next = await pieces.next()
  for (; next.done !== true; next = await pieces.next()) {
    const { token, text: piece } = next.value
    if (token !== null) tokens.push(token)
    text += piece
  }
  if (options.signal?.aborted) throw new CancelledError()
  return { tokens, text, isEnded: next.value === 'stop', ...passes }
}

/** @param texts of the mode, with the tokens before the first difference, and those of the longer of both texts */
function divergenceOf(
  mode: GenerationMode,
  texts: readonly (Written & { readonly same: number; readonly length: number })[],
): RollOutDivergence {
  const sumOf = (value: (text: (typeof texts)[number]) => number) =>
    texts.reduce((sum, text) => sum + value(text), 0)
  const same = sumOf((text) => text.same)
  const length = sumOf((text) => text.length)
  const tokens = sumOf((text) => text.tokens.length)
  return {
    mode,
    texts: texts.length,
    identical: texts.filter((text) => text.same === text.length).length,
    meanTokens: texts.length === 0 ? 0 : same / texts.length,
    medianTokens: median(texts.map((text) => text.same)),
    sameShare: length === 0 ? null : same / length,
    tokens,
    steps: tokens + texts.filter(({ isEnded }) => isEnded).length,
    headPasses: sumOf(({ headPasses }) => headPasses),
    headRows: sumOf(({ headRows }) => headRows),
    trunkPasses: sumOf(({ trunkPasses }) => trunkPasses),
  }
}
