import { setImmediate } from 'node:timers/promises'
import type { Conversation } from '../decode/generate.ts'
import type { GenerationMode, TextGenerator } from '../decode/text-generator.ts'
import { CancelledError } from '../errors.ts'
import { median } from './median.ts'

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
  /** Tokens that the mode wrote, in all texts. */
  readonly tokens: number
  /** Passes over the base model's LM head while it wrote them. */
  readonly headPasses: number
  /**
   * Passes over the trunk: for the prompt one, which gives the first token, then one for each token or word that is
   * read.
   */
  readonly trunkPasses: number
}

/** A text by base model and modes. */
export interface RollOut {
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
interface Written {
  readonly tokens: number[]
  readonly text: string
  readonly headPasses: number
  readonly trunkPasses: number
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
    tokens: maxTokens,
    candidates,
    gateShare,
    onProgress,
    signal,
  }: {
    readonly modes: readonly GenerationMode[]
    readonly tokens: number
    readonly candidates?: number
    readonly gateShare?: number
    readonly onProgress?: (done: number, total: number) => void
    readonly signal?: AbortSignal | undefined
  },
): Promise<RollOuts> {
  const write = async (
    prompt: string,
    conversation: Conversation,
    mode: GenerationMode,
  ): Promise<Written> => {
    const tokens: number[] = []
    let text = ''
    let headPasses = 0
    let trunkPasses = 0
    const pieces = generator.write(prompt, conversation, {
      mode,
      sampling: null,
      maxTokens,
      stop: [],
      onHeadPass: () => headPasses++,
      onTrunkPass: () => trunkPasses++,
      ...(candidates === undefined ? {} : { candidates }),
      ...(gateShare === undefined ? {} : { gateShare }),
      ...(signal ? { signal } : {}),
    })
    for await (const piece of pieces) {
      if (piece.token !== null) tokens.push(piece.token)
      text += piece.text
    }
    if (signal?.aborted) throw new CancelledError()
    return { tokens, text, headPasses, trunkPasses }
  }
  let done = 0
  const texts = await generator.forEachText(prompts, async (prompt, conversation) => {
    const expected = await write(prompt, conversation, 'base')
    const byMode = new Map<GenerationMode, Written & { readonly same: number; readonly length: number }>()
    for (const mode of modes) {
      const actual = await write(prompt, conversation, mode)
      const length = Math.max(expected.tokens.length, actual.tokens.length)
      let same = 0
      while (same < length && expected.tokens[same] === actual.tokens[same]) same++
      byMode.set(mode, { ...actual, same, length })
      onProgress?.(++done, prompts.length * modes.length)
      await setImmediate()
    }
    return { prompt, base: expected.text, byMode }
  })
  const examples = texts.slice(0, shownTexts).map(({ prompt, base, byMode }): RollOut => ({
    prompt,
    base,
    texts: [...byMode].map(([mode, { text, same }]) => ({ mode, text, same })),
  }))
  const sumOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
  const divergence = modes.map((mode): RollOutDivergence => {
    const written = texts.map(({ byMode }) => byMode.get(mode)!)
    const same = written.map((text) => text.same)
    return {
      mode,
      texts: written.length,
      identical: written.filter((text) => text.same === text.length).length,
      meanTokens: written.length === 0 ? 0 : sumOf(same) / written.length,
      medianTokens: median(same),
      tokens: sumOf(written.map(({ tokens }) => tokens.length)),
      headPasses: sumOf(written.map(({ headPasses }) => headPasses)),
      trunkPasses: sumOf(written.map(({ trunkPasses }) => trunkPasses)),
    }
  })
  return { divergence, examples }
}
