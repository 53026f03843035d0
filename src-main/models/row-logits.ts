import {
  add,
  cast,
  createSingleOutputNode,
  gatherRows,
  input,
  matmul,
  multiply,
  reshape,
  subtract,
  type Value,
} from '../graph/index.ts'
import { createSession, floatData, floatTensor, int64Tensor, type Session } from '../runtime/session.ts'
import type { BaseModel } from './base-model.ts'
import { commonOfBlocks, scaleAndCap, tableRows, type QuantizedMatrix } from './blocks.ts'
import { roundActivations } from './quantize.ts'

/** The base model's logits of some hundreds of tokens after one state, by their rows of the LM head alone. */
export interface RowLogits {
  /**
   * As the base model's head computes them, up to rounding of float32 sums: quantised rows are multiplied with the state
   * rounded to 8 bits, as the head's own product rounds it.
   *
   * @param hidden float32 [d], after the final norm
   * @param tokens at least one
   * @returns [tokens]
   */
  logits(hidden: Float32Array, tokens: readonly number[]): Promise<Float32Array>
  release(): Promise<void>
}

/** Products of a state with some rows, [1, tokens], and what of the state the graph is fed with. */
interface RowProducts {
  readonly products: Value
  readonly states: (hidden: Float32Array) => Readonly<Record<string, Float32Array>>
}

/**
 * Row logits by a graph that gathers rows where the LM head lies, loaded when it is first asked. The system keeps the pages
 * that are read, so there is no second copy of the head. A few rows are gathered and multiplied before another thread wakes up.
 */
export function createRowLogits({ architecture, weights }: BaseModel): RowLogits {
  const { head, hiddenSize: d } = architecture
  const open = async () => {
    const matrix = weights.matrix(head.weight.name)
    const rows = input('tokens', ['tokens'], 'int64')
    const { products, states } =
      'bits' in matrix ? quantizedProducts(matrix, rows) : floatProducts(matrix, rows, d)
    const session = await createSession(
      { logits: scaleAndCap(products, head) },
      { weightsFolder: weights.folder, prepack: false, threads: 1 },
    )
    return { session, states }
  }
  let opened: Promise<{ readonly session: Session; readonly states: RowProducts['states'] }> | null = null
  return {
    logits: async (hidden, tokens) => {
      const { session, states } = await (opened ??= open())
      const feeds = Object.entries(states(hidden)).map(
        ([name, state]) => [name, floatTensor(state, [1, state.length])] as const,
      )
      const results = await session.run({
        ...Object.fromEntries(feeds),
        tokens: int64Tensor(tokens, [tokens.length]),
      })
      return floatData(results['logits'])
    },
    release: async () => (await opened)?.session.release(),
  }
}

function floatProducts(matrix: Value, rows: Value, d: number): RowProducts {
  return {
    products: matmul(input('hidden', [1, d]), tableRows(matrix, rows), { transposeB: true }),
    states: (hidden) => ({ hidden }),
  }
}

/**
 * Of rows in blocks. GatherBlockQuantized, which would gather them as floats, takes some 12 ns a weight on the CPU; bytes are
 * gathered, widened and scaled in a sixth of that at 8 bits and a third at 4. At 4 bits the weights in the lower and the upper halves of the bytes are
 * multiplied with their own numbers of the state, so that nobody has to put them into order.
 */
function quantizedProducts(matrix: QuantizedMatrix, rows: Value): RowProducts {
  const { bits, blockSize, packed, scales } = matrix
  const [blocks, bytes] = packed.shape.slice(1) as [number, number]
  const width = blocks * bytes
  const rowScales = reshape(gatherRows(scales, rows), ['tokens', blocks, 1])
  const product = (integers: Value, state: string) => {
    const weights = multiply(add(integers, -(2 ** (bits - 1))), rowScales)
    return matmul(input(state, [1, width]), reshape(weights, ['tokens', width]), { transposeB: true })
  }
  const stored = cast(gatherRows(packed, rows), 'float32')
  const rounded = bits === 8 ? product(stored, 'hidden') : productOfHalves(stored, product)
  const common = commonOfBlocks(matrix)
  return {
    products: common
      ? add(rounded, matmul(input('sums', [1, blocks]), gatherRows(common, rows), { transposeB: true }))
      : rounded,
    states: (hidden) => {
      const state = roundActivations(hidden, blockSize)
      return {
        ...(bits === 8 ? { hidden: state } : { even: everySecond(state, 0), odd: everySecond(state, 1) }),
        ...(common ? { sums: blockSums(hidden, blockSize, blocks) } : {}),
      }
    },
  }
}

/** Splits bytes, as floats, into their halves: the lower one has the first of two weights. */
function productOfHalves(stored: Value, product: (integers: Value, state: string) => Value): Value {
  const upper = createSingleOutputNode('Floor', [multiply(stored, 1 / 16)], stored.shape)
  const lower = subtract(stored, multiply(upper, 16))
  return add(product(lower, 'even'), product(upper, 'odd'))
}

const everySecond = (values: Float32Array, first: 0 | 1) =>
  Float32Array.from({ length: values.length / 2 }, (_, i) => values[2 * i + first]!)

function blockSums(values: Float32Array, blockSize: number, blocks: number): Float32Array {
  const sums = new Float32Array(blocks)
  values.forEach((value, i) => (sums[Math.floor(i / blockSize)]! += value))
  return sums
}
