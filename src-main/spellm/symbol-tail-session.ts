import { constant, input } from '../graph/index.ts'
import type { Architecture } from '../models/architecture.ts'
import type { Matrix } from '../models/blocks.ts'
import type { HeadRows } from '../models/head-rows.ts'
import { quantizedConstant, type Bits } from '../models/quantize.ts'
import { symbolTailOutputs, type SymbolTail } from '../models/symbol-tail.ts'
import { tailParameterShapes, type TailShape } from '../models/tail.ts'
import {
  createSession,
  floatData,
  floatTensor,
  int64Tensor,
  type SessionOptions,
} from '../runtime/session.ts'
import type { TailWeights } from './tail-session.ts'

/** What a tail with token symbols is made of. */
export interface SymbolTailParts {
  readonly shape: TailShape
  readonly weights: TailWeights
  readonly tokenSymbols: readonly number[]
  readonly rows: Pick<HeadRows, 'gather'>
  readonly architecture: Pick<Architecture, 'head'>
  /** Integers to compute what was learnt in; absent: float32. The rows stay in the base model's precision. */
  readonly bits?: Bits
}

/** A tail with token symbols for a graph. */
export function symbolTailOf({
  shape,
  weights,
  tokenSymbols,
  rows,
  architecture,
  bits,
}: SymbolTailParts): SymbolTail {
  const { hiddenSize: d, alphabetSize, k } = shape
  const shapes = tailParameterShapes(shape)
  const matrix = (values: Float32Array, size: readonly [number, number]): Matrix =>
    bits === undefined ? constant(values, size) : quantizedConstant(values, size, bits)
  const heads = weights.get('heads.weight')!
  const firstLength = alphabetSize * d
  return {
    shape,
    adapter: (name) => matrix(weights.get(name)!, shapes.get(name)!),
    heads: {
      first: matrix(heads.slice(0, firstLength), [alphabetSize, d]),
      rest: k === 1 ? null : matrix(heads.slice(firstLength), [(k - 1) * alphabetSize, d]),
    },
    bias: weights.get('heads.bias')!,
    symbolRows: rows.gather(tokenSymbols),
    head: architecture.head,
  }
}

/** A tail with token symbols by itself, for many states at once. */
export interface SymbolTailSession {
  /**
   * hidden [rows · d] → first scores [rows · (m + A)] (`firstScores`, without a context); with `spelled`, also those of
   * the later heads: log-probabilities [rows · (k − 1) · A].
   */
  scores(
    hidden: Float32Array,
    spelled?: boolean,
  ): Promise<{ readonly first: Float32Array; readonly spelled: Float32Array | null }>
  release(): Promise<void>
}

/** Loads it. */
export async function createSymbolTailSession(
  tail: SymbolTail,
  options: SessionOptions = {},
): Promise<SymbolTailSession> {
  const d = tail.shape.hiddenSize
  const noContext = constant(new Float32Array(0), [0, d])
  const outputs = symbolTailOutputs(tail, input('hidden', ['rows', d]), noContext)
  const canSpell = outputs.spelled !== undefined
  const session = await createSession({ ...outputs }, { prepack: true, ...options })
  return {
    scores: async (states, spelled = false) => {
      const rows = states.length / d
      const asked = spelled && canSpell
      const spelledRows = asked ? Array.from({ length: rows }, (_, row) => row) : []
      const results = await session.run(
        {
          hidden: floatTensor(states, [rows, d]),
          ...(canSpell ? { spelledRows: int64Tensor(spelledRows, [spelledRows.length]) } : {}),
        },
        { firstScores: null, ...(asked ? { spelled: null } : {}) },
      )
      return {
        first: floatData(results['firstScores']),
        spelled: asked ? floatData(results['spelled']) : null,
      }
    },
    release: () => session.release(),
  }
}
