import {
  add,
  concat,
  createSingleOutputNode,
  gatherRows,
  input,
  matmul,
  multiply,
  reshape,
  slice,
  subtract,
  type Value,
} from '../graph/index.ts'
import { createSession, floatData, floatTensor, int64Tensor, type Session } from '../runtime/session.ts'
import type { BaseModel } from './base-model.ts'
import { scaleAndCap, widen, type Matrix, type QuantizedMatrix } from './blocks.ts'

/** The base model's logits of some hundreds of tokens after one state, by their rows of the LM head alone. */
export interface RowLogits {
  /**
   * Exact up to rounding, as `HeadRows.logits`.
   *
   * @param hidden float32 [d], after the final norm
   * @param tokens at least one
   * @returns [tokens]
   */
  logits(hidden: Float32Array, tokens: readonly number[]): Promise<Float32Array>
  release(): Promise<void>
}

/**
 * Row logits by a graph that gathers rows where the LM head lies, loaded when it is first asked. The system keeps the pages
 * that are read, so there is no second copy of the head. A few rows are gathered and multiplied before another thread wakes up.
 */
export function createRowLogits({ architecture, weights }: BaseModel): RowLogits {
  const { head, hiddenSize: d } = architecture
  const load = () => {
    const rows = gathered(weights.matrix(head.weight.name), input('tokens', ['tokens'], 'int64'))
    const logits = scaleAndCap(matmul(input('hidden', [1, d]), rows, { transposeB: true }), head)
    return createSession({ logits }, { weightsFolder: weights.folder, prepack: false, threads: 1 })
  }
  let session: Promise<Session> | null = null
  return {
    logits: async (hidden, tokens) => {
      const loaded = await (session ??= load())
      const feeds = { hidden: floatTensor(hidden, [1, d]), tokens: int64Tensor(tokens, [tokens.length]) }
      return floatData((await loaded.run(feeds))['logits'])
    },
    release: async () => (await session)?.release(),
  }
}

/** Rows of a matrix [.., d] in float32: [tokens, d]. */
function gathered(matrix: Matrix, tokens: Value): Value {
  return 'bits' in matrix ? dequantized(matrix, tokens) : widen(gatherRows(matrix, tokens))
}

/** What `dequantizeRow` makes of rows: scale · (stored − 2^(bits − 1)), or with minima scale · stored + minimum. */
function dequantized(
  { bits, blockSize, inputs, packed, scales, minima }: QuantizedMatrix,
  tokens: Value,
): Value {
  const [, blocks, bytes] = packed.shape as readonly [unknown, number, number]
  const [rows] = tokens.shape as readonly ['tokens']
  const read = widen(gatherRows(packed, tokens))
  const stored = bits === 8 ? read : reshape(nibbles(read), [rows, blocks, 2 * bytes])
  const perBlock = (numbers: Value) => reshape(gatherRows(numbers, tokens), [rows, blocks, 1])
  const values = minima
    ? add(multiply(stored, perBlock(scales)), perBlock(minima))
    : multiply(subtract(stored, 1 << (bits - 1)), perBlock(scales))
  const filled = reshape(values, [rows, blocks * blockSize])
  return blocks * blockSize === inputs ? filled : slice(filled, 1, 0, inputs)
}

/** The halves of bytes, which lie in float32: the lower one first, [.., 2]. */
function nibbles(bytes: Value): Value {
  const upper = createSingleOutputNode('Floor', [multiply(bytes, 1 / 16)], bytes.shape)
  const lower = subtract(bytes, multiply(upper, 16))
  const column = [...bytes.shape, 1]
  return concat([reshape(lower, column), reshape(upper, column)], bytes.shape.length)
}
