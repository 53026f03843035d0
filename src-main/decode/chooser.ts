import { alphabetSize, endSymbol } from '../spelling/alphabet.ts'
import { lookUp } from '../spelling/free.ts'
import { isEmittable, tokensOf, type Speller } from '../spelling/speller.ts'
import { bestToken, createTrieSearch, spellingScore } from '../spelling/trie-search.ts'
import { argMax, input, slice } from '../graph/index.ts'
import type { BaseModel } from '../models/base-model.ts'
import { headLogits } from '../models/decoder.ts'
import type { LastPosition } from '../models/trunk-session.ts'
import { seededRandom } from '../base/random.ts'
import { createSession, floatData, floatTensor, int64Data, type SessionOptions } from '../runtime/session.ts'
import { beforeBanned, bestAllowed } from './allowed-units.ts'
import type { Asked } from './asked.ts'
import { createLogitsProcessor, nothingLeft, type LogitsProcessor } from './logits-processor.ts'
import type { FindNear } from './near-logits.ts'
import { createPicker } from './picker.ts'
import { largestIndex, sampleIndex, type Sampling } from './sampling.ts'
import { scoresOf, type TailSession } from '../spellm/tail-session.ts'

/** Picks what comes next from the state after the last token. */
export interface Chooser extends Asked {
  /**
   * What the state lacks of what it asks for, it computes itself.
   *
   * @param context the tokens so far, for penalties
   * @returns the next token, or several where a SpeLLM says a whole word
   */
  choose(state: LastPosition, context: readonly number[]): Promise<readonly number[]>
}

/** The base model's LM head: what a SpeLLM is compared with. */
export interface BaseHead {
  /** Logits of one or more positions, in one pass over the head: hidden [rows · d] → [rows · V]. */
  logits(hidden: Float32Array): Promise<Float32Array>
  /** The token with the largest logit. */
  greedy(hidden: Float32Array): Promise<number>
  /** The same for several positions in one pass over the head: hidden [rows · d] → tokens [rows]. */
  greedyRows(hidden: Float32Array): Promise<Int32Array>
  release(): Promise<void>
}

/**
 * Loads the LM head as one graph with two outputs: only the one asked for is copied out.
 *
 * @param options.validTokens tokens of the tokenizer: rows of the head from there on only fill it up, their logits are −∞.
 *   Default: all
 * @param options.prepack default: only where it must be; for several positions at once it is worth its time
 */
export async function createBaseHead(
  model: BaseModel,
  {
    validTokens = model.architecture.vocabularySize,
    ...options
  }: SessionOptions & { readonly validTokens?: number } = {},
): Promise<BaseHead> {
  const { hiddenSize: d, vocabularySize } = model.architecture
  const logits = headLogits(model.architecture, model.weights, input('hidden', ['rows', d]))
  const valid = validTokens < vocabularySize ? slice(logits, 1, 0, validTokens) : logits
  const session = await createSession(
    { token: argMax(valid), logits },
    { prepack: model.weights.isQuantized, ...options, weightsFolder: model.weights.folder },
  )
  const feeds = (hidden: Float32Array) => ({ hidden: floatTensor(hidden, [hidden.length / d, d]) })
  const greedyRows = async (hidden: Float32Array) =>
    int64Data((await session.run(feeds(hidden), { token: null }))['token'])
  return {
    logits: async (hidden) => {
      const rows = floatData((await session.run(feeds(hidden), { logits: null }))['logits'])
      maskPadding(rows, vocabularySize, validTokens)
      return rows
    },
    greedy: async (hidden) => (await greedyRows(hidden))[0]!,
    greedyRows,
    release: () => session.release(),
  }
}

/** Sets those of logits [rows · V] that stand for no token to −∞. */
export function maskPadding(logits: Float32Array, vocabularySize: number, validTokens: number): void {
  for (let end = vocabularySize; end <= logits.length; end += vocabularySize)
    logits.fill(-Infinity, end - vocabularySize + validTokens, end)
}

/** Greedy, or sampled from the softmax of the logits. */
export function baseChooser(
  head: Pick<BaseHead, 'greedy' | 'logits'>,
  sampling: Sampling | null,
  findNear: FindNear | null = null,
): Chooser {
  const picker = createPicker(sampling, findNear)
  if (picker.isPlain)
    return {
      outputHead: 'choice',
      choose: async ({ hidden, baseChoice }) => [baseChoice ?? (await head.greedy(hidden))],
    }
  const count = countTokens(picker)
  return {
    outputHead: 'logits',
    choose: async ({ hidden, baseLogits }, context) => {
      const logits = baseLogits ?? (await head.logits(hidden))
      count(context)
      return [(await picker.pickOfAll(logits, context.length)).index]
    },
  }
}

/** Tells of what a text has more than at the last call; what it has at the first one is its prompt. */
export function countTokens(
  processor: Pick<LogitsProcessor, 'begin' | 'add'>,
): (context: readonly number[]) => void {
  let counted = -1
  return (context) => {
    if (counted < 0) processor.begin(context)
    else for (const token of context.slice(counted)) processor.add(token)
    counted = context.length
  }
}

/** Units that sampling in trie mode draws from, unless top-k asks for fewer. */
const sampledCandidates = 64

/**
 * Trie mode: the unit whose spelling has the highest total log-probability, always of valid tokens, exact.
 * Sampled: drawn from the softmax of the total log-probabilities of the 64 best units. Penalties and biases look at a unit's
 * first token; a word ends before a token that is banned.
 */
export function trieChooser(tail: TailSession, sampling: Sampling | null): Chooser {
  const { speller } = tail
  const search = createTrieSearch(speller)
  const random = seededRandom(sampling?.seed ?? 0)
  const most = Math.min(sampledCandidates, sampling?.topK ?? sampledCandidates)
  const processor = createLogitsProcessor(sampling)
  const count = countTokens(processor)
  return {
    outputHead: tail.outputHead,
    choose: async (state, context) => {
      count(context)
      const logProbabilities = await scoresOf(tail, state)
      if (!sampling) return tokensOf(speller, bestToken(search, logProbabilities).token)
      const candidates = bestAllowed(search, logProbabilities, most, processor)
      const known = new Set(candidates.map(({ token }) => token))
      for (const token of processor.biased)
        if (!known.has(token) && !processor.isBanned(token) && isEmittable(speller, token))
          candidates.push({ token, score: spellingScore(speller, logProbabilities, token) })
      const units = candidates.map(({ token }) => tokensOf(speller, token))
      const firstTokens = units.map(([first]) => first!)
      const scores = processor.apply(
        Float32Array.from(candidates, ({ score }) => score),
        firstTokens,
      )
      if (scores.length === 0) throw nothingLeft()
      return beforeBanned(units[sampleIndex(scores, sampling, random)]!, processor)
    },
  }
}

/**
 * Free mode: each head's most likely symbol (sampled: one drawn from each head on its own); the string, if
 * it is a unit or begins just one, is what comes next; otherwise the first token of its tokenization.
 *
 * @param tokenize the ids of a text
 */
export function freeChooser(
  tail: TailSession,
  tokenize: (text: string) => number[],
  sampling: Sampling | null,
): Chooser {
  const search = createTrieSearch(tail.speller)
  const random = seededRandom(sampling?.seed ?? 0)
  const processor = createLogitsProcessor(sampling)
  const { speller } = tail
  const size = alphabetSize(speller.alphabet)
  return {
    outputHead: tail.outputHead,
    choose: async (state) => {
      const logProbabilities = await scoresOf(tail, state)
      const symbols = sampling
        ? Int32Array.from({ length: speller.k }, (_, head) =>
            sampleIndex(logProbabilities.subarray(head * size, (head + 1) * size), sampling, random),
          )
        : headSymbols(speller, logProbabilities)
      const unit = freeUnit(speller, symbols, tokenize)
      const said = unit === undefined ? [] : beforeBanned(tokensOf(speller, unit), processor)
      if (said.length > 0) return said
      const [best] = bestAllowed(search, logProbabilities, 1, processor)
      if (!best) throw nothingLeft()
      return beforeBanned(tokensOf(speller, best.token), processor)
    },
  }
}

/** Each head's most likely symbol, [k], of log-probabilities [k, A]. */
export function headSymbols({ k, alphabet }: Speller, logProbabilities: Float32Array): Int32Array {
  const size = alphabetSize(alphabet)
  return Int32Array.from({ length: k }, (_, head) =>
    largestIndex(logProbabilities, head * size, (head + 1) * size),
  )
}

/**
 * The unit that free decoding makes of each head's symbol; undefined where they spell nothing, or in bytes
 * something that begins with no character.
 */
export function freeUnit(
  speller: Speller,
  symbols: Int32Array,
  tokenize: (text: string) => number[],
): number | undefined {
  if (symbols[0] === endSymbol(speller.alphabet)) return undefined
  const found = lookUp(speller, symbols)
  if (found.kind !== 'none') return found.token
  const [text = ''] = new TextDecoder('utf-8', { ignoreBOM: true }).decode(found.bytes).split('\ufffd')
  return tokenize(text)[0]
}
