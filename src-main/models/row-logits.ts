import {
  add,
  constant,
  createSingleOutputNode,
  gatherRows,
  input,
  matmul,
  multiply,
  reduceSum,
  reshape,
  scalar,
  type Value,
} from '../graph/index.ts'
import {
  createSession,
  floatData,
  floatTensor,
  int32Tensor,
  uint8Tensor,
  type Feeds,
  type Session,
} from '../runtime/session.ts'
import type { BaseModel } from './base-model.ts'
import { commonOfBlocks, scaleAndCap, tableRows, type QuantizedMatrix } from './blocks.ts'
import { roundState, type Bits } from './quantize.ts'

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

/** Products of a state with some rows, [tokens, 1], and what of the state the graph is fed with. */
interface RowProducts {
  readonly products: Value
  readonly states: (hidden: Float32Array) => Feeds
}

/**
 * Row logits by a graph that gathers rows of the LM head in place, loaded when it is first asked. The system keeps the pages
 * that are read, so there is no second copy of the head. A few rows are gathered and multiplied before another thread wakes up.
 */
export function createRowLogits({ architecture, weights }: BaseModel): RowLogits {
  const { head, hiddenSize: d } = architecture
  const open = async () => {
    const matrix = weights.matrix(head.weight.name)
    const rows = input('tokens', ['tokens'], 'int32')
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
      const results = await session.run({
        ...states(hidden),
        tokens: int32Tensor(Int32Array.from(tokens), [tokens.length]),
      })
      return floatData(results['logits'])
    },
    release: async () => (await opened)?.session.release(),
  }
}

function floatProducts(matrix: Value, rows: Value, d: number): RowProducts {
  return {
    products: matmul(tableRows(matrix, rows), input('hidden', [d, 1])),
    states: (hidden) => ({ hidden: floatTensor(hidden, [d, 1]) }),
  }
}

/**
 * Of rows in blocks: bytes are gathered as they are, and multiplied with a matrix that has the integers of each block of the
 * state in a column of its own, which gives a sum for each row and block. GatherBlockQuantized, which would gather
 * floats, takes some 12 ns a weight on the CPU; this takes a twentieth of that at 8 bits and a tenth at 4.
 */
function quantizedProducts(matrix: QuantizedMatrix, rows: Value): RowProducts {
  const { bits, blockSize, packed, scales } = matrix
  const [blocks, bytes] = packed.shape.slice(1) as [number, number]
  const width = blocks * bytes
  const stored = reshape(gatherRows(packed, rows), ['tokens', width])
  const stateScales = input('stateScales', [blocks])
  const sumsOf = (integers: Value, state: string) =>
    integerSums(integers, input(state, [width, blocks], 'uint8'), stateScales, bits)
  const sums =
    bits === 8
      ? sumsOf(stored, 'state')
      : add(sumsOf(lowerHalves(stored), 'even'), sumsOf(upperHalves(stored), 'odd'))
  const rounded = reduceSum(multiply(sums, gatherRows(scales, rows)), [1], { keepAxes: true })
  const common = commonOfBlocks(matrix)
  return {
    products: common ? add(rounded, matmul(gatherRows(common, rows), input('sums', [blocks, 1]))) : rounded,
    states: (hidden) => {
      const { integers, scales: own } = roundState(hidden, blockSize)
      const inColumns = (half: Int8Array) => uint8Tensor(columnOfEachBlock(half, blocks), [width, blocks])
      return {
        stateScales: floatTensor(own, [blocks]),
        ...(bits === 8
          ? { state: inColumns(integers) }
          : { even: inColumns(everySecond(integers, 0)), odd: inColumns(everySecond(integers, 1)) }),
        ...(common ? { sums: floatTensor(blockSums(hidden, blockSize, blocks), [blocks, 1]) } : {}),
      }
    },
  }
}

/** What a state's integers are raised by: onnxruntime's product of two matrices of uint8 is exact on every processor. */
const raised = 128

/**
 * A sum for each row and block, float32 [tokens, blocks].
 *
 * @param integers uint8 [tokens, width], of some rows
 * @param state uint8 [width, blocks], see `columnOfEachBlock`
 * @param scales float32 [blocks], of the state
 */
const integerSums = (integers: Value, state: Value, scales: Value, bits: Bits): Value =>
  createSingleOutputNode(
    'MatMulIntegerToFloat',
    [
      integers,
      state,
      scalar(1),
      scales,
      constant(Uint8Array.of(2 ** (bits - 1)), []),
      constant(Uint8Array.of(raised), []),
    ],
    [integers.shape[0]!, state.shape[1]!],
    { domain: 'com.microsoft', dtype: 'float32' },
  )

/** A byte has the first of two weights in its lower half. */
const lowerHalves = (bytes: Value) =>
  createSingleOutputNode('BitwiseAnd', [bytes, constant(Uint8Array.of(15), [])], bytes.shape)
const upperHalves = (bytes: Value) =>
  createSingleOutputNode('BitShift', [bytes, constant(Uint8Array.of(4), [])], bytes.shape, {
    attributes: { direction: 'RIGHT' },
  })

/** A matrix [integers, blocks], each integer in the column of its block, raised as all of it is. */
function columnOfEachBlock(integers: Int8Array, blocks: number): Uint8Array {
  const columns = new Uint8Array(integers.length * blocks).fill(raised)
  const blockSize = integers.length / blocks
  integers.forEach((integer, i) => (columns[i * blocks + Math.floor(i / blockSize)] = integer + raised))
  return columns
}

const everySecond = (values: Int8Array, first: 0 | 1) =>
  Int8Array.from({ length: values.length / 2 }, (_, i) => values[2 * i + first]!)

function blockSums(values: Float32Array, blockSize: number, blocks: number): Float32Array {
  const sums = new Float32Array(blocks)
  values.forEach((value, i) => (sums[Math.floor(i / blockSize)]! += value))
  return sums
}
