import { input, slice, topK } from '../graph/index.ts'
import type { BaseModel } from '../models/base-model.ts'
import { headLogits } from '../models/decoder.ts'
import { createSession, floatData, floatTensor, int64Data, type SessionOptions } from '../runtime/session.ts'
import { maskPadding } from './chooser.ts'
import { createRoundingBound, type RoundingBound } from './head-rounding.ts'

/** The base model's LM head, looking at several states in one reading of its weights. */
export interface VerifyingHead {
  /** The base model's greedy choice after each of some states: hidden [rows · d] → tokens [rows]; the same as base mode's, bit for bit. */
  choices(hidden: Float32Array): Promise<Int32Array>
  /**
   * Logits [rows · V] by the rows' product: each is within half of `createRoundingBound` of base mode's. −∞ for ids from
   * `validTokens` on.
   */
  logits(hidden: Float32Array): Promise<Float32Array>
  /** Rows that had to be scored again because another token was within rounding of the best, so far. */
  readonly rescored: number
  release(): Promise<void>
}

export interface VerifyingHeadOptions extends Pick<SessionOptions, 'device' | 'threads'> {
  /** Tokens of the tokenizer; rows of the head from there on only fill it up and are never chosen. Default: all. */
  readonly validTokens?: number
  /**
   * Whether float weights are repacked for several rows, which takes a second copy of them (4 · V · d bytes) and at
   * eight rows 0.7 to 1.1 of the time. Default: no. Quantised weights always are.
   */
  readonly isPacked?: boolean
}

/**
 * Opens the head of a base model for verification.
 *
 * Base mode scores one row, and several rows may round differently: onnxruntime has other kernels for them. So the rows'
 * product decides only where the best logit is further ahead of the others than rounding explains (head-rounding.ts). Every
 * other row is scored again by itself: the same operator, kernel and order of additions as in base mode's graph
 * (trunk-session.ts), since a kernel is picked by the number of rows and by whether weights were repacked. On other
 * devices quantised weights are multiplied by different algorithms for one row and for several (activations may be rounded
 * for several only), so there each row is scored by itself.
 *
 * @throws SpellmError as `createSession`; RangeError for `validTokens` below 2 or beyond V
 */
export async function createVerifyingHead(
  model: BaseModel,
  {
    validTokens = model.architecture.vocabularySize,
    isPacked = false,
    ...options
  }: VerifyingHeadOptions = {},
): Promise<VerifyingHead> {
  const { hiddenSize: d, vocabularySize } = model.architecture
  requireValidTokens(model, validTokens)
  const { isQuantized } = model.weights
  const open = (prepack: boolean) => createTopSession(model, validTokens, { ...options, prepack })
  const boundOf = await createRoundingBound(model)
  const together = await open(isQuantized || isPacked)
  // Only rows that were repacked need a session of their own for one row.
  let alone = isQuantized || !isPacked ? together : null
  let rescored = 0
  const rowsAgree = !isQuantized || (options.device ?? 'cpu') === 'cpu'
  return {
    choices: async (hidden) => {
      const rows = hidden.length / d
      if (rows === 1 && alone) return (await alone.top(hidden)).tokens
      const { tokens, best } = await together.top(hidden)
      for (let row = 0; row < rows; row++) {
        const state = hidden.subarray(row * d, (row + 1) * d)
        if (rowsAgree && isDecided(best[row]!, boundOf(state), validTokens)) continue
        rescored++
        alone ??= await open(false)
        tokens[row] = (await alone.top(state)).tokens[0]!
      }
      return tokens
    },
    logits: async (hidden) => {
      const logits = await together.logits(hidden)
      maskPadding(logits, vocabularySize, validTokens)
      return logits
    },
    get rescored() {
      return rescored
    },
    release: async () => {
      if (alone !== together) await alone?.release()
      await together.release()
    },
  }
}

/** Throws RangeError where a head has fewer rows than `validTokens`, or no two of them. */
export function requireValidTokens(
  { architecture: { vocabularySize } }: Pick<BaseModel, 'architecture'>,
  validTokens: number,
): void {
  if (validTokens < 2 || validTokens > vocabularySize)
    throw new RangeError(`validTokens is ${validTokens}, the head has ${vocabularySize} rows`)
}

/** The best tokens of a state, best first, of equal ones the first, and their logits. */
interface BestTokens {
  readonly tokens: ArrayLike<number>
  readonly logits: ArrayLike<number>
}

/** This many are looked at: more are seldom within rounding, and finding them takes no longer than `argMax`. */
const mostCompared = 4

/** Whether rounding leaves the first token the best of all `validTokens`. */
function isDecided(
  { tokens, logits }: BestTokens,
  bound: ReturnType<RoundingBound>,
  validTokens: number,
): boolean {
  const ofAny = bound()
  const own = bound(tokens[0])
  for (let i = 1; i < logits.length; i++) {
    const lead = logits[0]! - logits[i]!
    // Those that follow are no closer.
    if (lead > ofAny) return true
    if (!(lead > (own + bound(tokens[i])) / 2)) return false
  }
  return logits.length === validTokens
}

/** The head as one graph: best tokens, or all logits. */
async function createTopSession(model: BaseModel, validTokens: number, options: SessionOptions) {
  const d = model.architecture.hiddenSize
  const logits = headLogits(model.architecture, model.weights, input('hidden', ['rows', d]))
  const compared = Math.min(mostCompared, validTokens)
  const { values, indices } = topK(slice(logits, 1, 0, validTokens), compared)
  const session = await createSession(
    { values, tokens: indices, logits },
    { ...options, weightsFolder: model.weights.folder },
  )
  const feeds = (hidden: Float32Array) => ({ hidden: floatTensor(hidden, [hidden.length / d, d]) })
  return {
    top: async (hidden: Float32Array) => {
      const results = await session.run(feeds(hidden), { values: null, tokens: null })
      const values = floatData(results['values'])
      const tokens = int64Data(results['tokens'])
      const rows = values.length / compared
      return {
        // Of logits that are NaN, base mode's `argMax` takes the first.
        tokens: Int32Array.from({ length: rows }, (_, row) =>
          Number.isNaN(values[compared * row]) ? 0 : tokens[compared * row]!,
        ),
        best: Array.from({ length: rows }, (_, row): BestTokens => {
          const [from, to] = [compared * row, compared * (row + 1)]
          return { tokens: tokens.subarray(from, to), logits: values.subarray(from, to) }
        }),
      }
    },
    logits: async (hidden: Float32Array) =>
      floatData((await session.run(feeds(hidden), { logits: null }))['logits']),
    release: () => session.release(),
  }
}
