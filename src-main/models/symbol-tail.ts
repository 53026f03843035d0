import {
  add,
  concat,
  constant,
  firstColumn,
  gatherRows,
  input,
  logSoftmax,
  logSumExp,
  matmul,
  multiply,
  multiplyDimensions,
  reshape,
  scalar,
  type Value,
} from '../graph/index.ts'
import type { Architecture } from './architecture.ts'
import { linear, scaleAndCap, type Matrix } from './blocks.ts'
import { tailFeatures, type TailShape } from './tail.ts'

/** A tail with token symbols, ready to be part of a graph. */
export interface SymbolTail {
  readonly shape: TailShape
  /** A matrix of the adapter, by its name in `tailParameterShapes`. */
  readonly adapter: (name: string) => Matrix
  /** The matrices of the first head [A, d] and of the others [(k − 1) · A, d]; null: k is 1. */
  readonly heads: { readonly first: Matrix; readonly rest: Matrix | null }
  /** The bias of all heads, float32 [k · A]. */
  readonly bias: Float32Array
  /** The token symbols' rows of the LM head, [m, d]. */
  readonly symbolRows: Matrix
  /** How the base model scales and caps its logits. */
  readonly head: Pick<Architecture['head'], 'scale' | 'cap'>
}

/**
 * What the first head's scores are: c_g = u_g · f + b_g + a · log Σ_v exp e_v over the token symbols' exact logits e_v. Without the
 * last part (a = 0) a score is learnt as it is, from text of one kind; with a = 1 it is learnt how much more or less a symbol has
 * than all that is exact, which holds for text of other kinds, too, but is harder to learn.
 *
 * @param scores float32 [rows, A], learnt
 * @param exactLogSum float32 [rows, 1]
 */
export function anchored(
  { anchor = 0 }: Pick<TailShape, 'anchor'>,
  scores: Value,
  exactLogSum: Value,
): Value {
  return anchor === 0 ? scores : add(scores, multiply(exactLogSum, scalar(anchor)))
}

/**
 * The scores of what a token can begin with, of some states: the logits of the m token symbols, exact, then those of the
 * A symbols of the first head, learnt, then those of the context's tokens, exact. Their log-sum-exp over m and A is the
 * learnt log-normaliser.
 *
 * @param hidden float32 [rows, d], after the final norm
 * @param contextRows float32 [context, d], rows of the LM head
 * @returns scores [rows, m + A + context], and the features [rows, d] that the other heads read
 */
function firstScores(
  { shape, adapter, heads, bias, symbolRows, head }: SymbolTail,
  hidden: Value,
  contextRows: Value,
): { readonly scores: Value; readonly features: Value } {
  const { alphabetSize } = shape
  const features = tailFeatures(shape, adapter, hidden, 'inference')
  const symbols = scaleAndCap(linear(hidden, symbolRows), head)
  const scores = add(linear(features, heads.first), constant(bias.slice(0, alphabetSize), [1, alphabetSize]))
  // There are no rows where nobody asks, and of none onnxruntime's reductions keep all columns.
  const learnt = anchored(shape, scores, firstColumn(logSumExp(symbols)))
  const context = scaleAndCap(matmul(hidden, contextRows, { transposeB: true }), head)
  return { scores: concat([symbols, learnt, context], 1), features }
}

/**
 * The scores of the heads after the first.
 *
 * @param features [rows, d], of `firstScores`
 * @returns log-probabilities [rows · (k − 1), A]; null: k is 1
 */
function spelledLogProbabilities({ shape, heads, bias }: SymbolTail, features: Value): Value | null {
  const { k, alphabetSize } = shape
  if (heads.rest === null) return null
  const width = (k - 1) * alphabetSize
  const scores = add(linear(features, heads.rest), constant(bias.slice(alphabetSize), [1, width]))
  return logSoftmax(reshape(scores, [multiplyDimensions(features.shape[0]!, k - 1), alphabetSize]))
}

/**
 * What a tail says of some states, as outputs of a graph: `firstScores`, and `spelled` of those rows that the input
 * `spelledRows` int64 names, unless k is 1.
 *
 * @param hidden float32 [rows, d], after the final norm
 * @param contextRows float32 [context, d], rows of the LM head
 */
export function symbolTailOutputs(
  tail: SymbolTail,
  hidden: Value,
  contextRows: Value,
): { readonly firstScores: Value; readonly spelled?: Value } {
  const { scores, features } = firstScores(tail, hidden, contextRows)
  const rows = gatherRows(features, input('spelledRows', ['spelledRows'], 'int64'))
  const spelled = spelledLogProbabilities(tail, rows)
  return { firstScores: scores, ...(spelled ? { spelled } : {}) }
}
