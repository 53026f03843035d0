import { constant, input, logSoftmax } from '../graph/index.ts'
import { bitsOf, type Precision } from '../models/precision.ts'
import { quantizedConstant, type Bits } from '../models/quantize.ts'
import { tailLogits, tailParameterCount, tailParameterShapes, type TailShape } from '../models/tail.ts'
import type { LastPosition, Tail, TailHead } from '../models/trunk-session.ts'
import {
  createSession,
  floatData,
  floatTensor,
  type Device,
  type SessionOptions,
} from '../runtime/session.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import type { Speller } from '../spelling/speller.ts'

/** Name → float32 weights of a tail, as `tailParameterShapes` has them. */
export type TailWeights = ReadonlyMap<string, Float32Array>

/** A tail ready to predict. */
export interface TailSession {
  readonly speller: Speller
  /** How the trunk that it follows is asked for it in its own pass; 'none': it is not the trunk's. */
  readonly outputHead: TailHead | 'none'
  /** hidden [rows · d] → log-probabilities [rows · k · A]. */
  logProbabilities(hidden: Float32Array): Promise<Float32Array>
  release(): Promise<void>
}

/** A tail's log-probabilities [k · A] for a state: those that came with it, asked for by `outputHead`, or computed now. */
export async function scoresOf(tail: TailSession, state: LastPosition): Promise<Float32Array> {
  return state.logProbabilities ?? tail.logProbabilities(state.hidden)
}

/**
 * The shape of the tail that an adapter and a speller make on top of a trunk.
 *
 * @param anchor of a tail with token symbols, see `TailShape`; only what computes its scores needs it
 */
export function tailShape(
  hiddenSize: number,
  adapterWidths: readonly number[],
  { k, alphabet }: Speller,
  anchor = 0,
): TailShape {
  const shape = { hiddenSize, adapterWidths, k, alphabetSize: alphabetSize(alphabet) }
  if (!alphabet.tokenSymbols) return shape
  return { ...shape, hasBias: true, ...(alphabet.tokenSymbols.length > 0 ? { anchor } : {}) }
}

/**
 * What a tail is computed in: on the CPU the integers of its base model, or 8 bits with blocks that were kept. With
 * weights as stored, which onnxruntime reads in place (`SessionOptions.prepack`), integers would take longer than
 * float32.
 */
export function tailBits(precision: Precision, device: Device): { readonly bits?: Bits } {
  const bits = device === 'cpu' ? (precision === 'kept' ? 8 : bitsOf[precision]) : null
  return bits === null ? {} : { bits }
}

/** A tail for a graph, quantised to `bits` if that is given. */
export function tailOf(shape: TailShape, weights: TailWeights, bits?: Bits): Tail {
  const shapes = tailParameterShapes(shape)
  return {
    shape,
    weight: (name) =>
      bits === undefined
        ? constant(weights.get(name)!, shapes.get(name)!)
        : quantizedConstant(weights.get(name)!, shapes.get(name)!, bits),
  }
}

/** A tail of fewer bytes is done before a second thread has woken up. */
const bytesForThreads = 3 << 20

/** Loads a tail, quantised to `bits` if that is given. */
export async function createTailSession(
  shape: TailShape,
  weights: TailWeights,
  speller: Speller,
  { bits, ...options }: SessionOptions & { readonly bits?: Bits } = {},
): Promise<TailSession> {
  const { weight } = tailOf(shape, weights, bits)
  const logits = tailLogits(shape, weight, input('hidden', ['rows', shape.hiddenSize]), 'inference')
  const isSmall = (tailParameterCount(shape) * (bits ?? 32)) / 8 < bytesForThreads
  const session = await createSession(
    { logProbabilities: logSoftmax(logits) },
    { ...(isSmall ? { threads: 1 } : {}), ...options },
  )
  return {
    speller,
    outputHead: 'none',
    logProbabilities: async (hidden) => {
      const rows = hidden.length / shape.hiddenSize
      const results = await session.run({ hidden: floatTensor(hidden, [rows, shape.hiddenSize]) })
      return floatData(results['logProbabilities'])
    },
    release: () => session.release(),
  }
}
