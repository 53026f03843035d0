import { setImmediate } from 'node:timers/promises'
import type { BaseModel } from '../models/base-model.ts'
import { openHeadRows } from '../models/head-rows.ts'

/** Integers of a row are within ± this. */
const largest = 127
/**
 * Integers of a state are within ± this, stored as 1 … 127. A CPU without integer dot products adds pairs of products of
 * uint8 and int8 in 16 bits and cuts off what is beyond: 2 · 127 · 127 is not.
 */
export const largestOfState = 63
/** Float rows are read and rounded this many bytes at a time. */
const pieceBytes = 16 << 20
/** Rows that are turned into columns together: what they write is within a cache line of each column. */
const tileRows = 64

/**
 * The LM head in int8 and how far each row is off, as columns for an integer product with states (int8-states.ts).
 *
 * Row v stands for scale_v · q_v, q_v integers within ± 127. Beside them a row has what an upper bound of w_v · x needs, in
 * units of scale_v: ‖w_v − scale_v q_v‖ in steps of `errorStep` and ‖q_v‖ in steps of `normStep`, both rounded up to
 * integers.
 */
export interface Int8Rows {
  /** int8 [columns, rows]. */
  readonly columns: Int8Array
  /**
   * [columns]: which of the d + 2 numbers of a row each column has, in rising order; d is that of the error, d + 1 that of the
   * norm. Several columns of one number take larger numbers of a state than one can.
   */
  readonly numbers: Int32Array
  /** [rows]. */
  readonly scales: Float32Array
  readonly rows: number
  readonly errorStep: number
  readonly normStep: number
  /** [rows]: ‖w_v‖ or a little more. */
  readonly weightNorms: Float32Array
}

/** Beside the columns of d numbers, a sixth as many are given to those whose numbers are the largest. */
const addedShare = 1 / 6
/** Columns of the error: what a state's integer for it may come to, in integers of a column. */
export const errorColumns = 4

/** Columns of a row of d numbers, of which `columnsOfNumbers` knows the largest. */
export const int8Columns = (d: number) => d + Math.floor(addedShare * d) + errorColumns + normColumns(d)

/**
 * Columns of each of the d numbers of a state, so that its integers can be as fine as its usual numbers want: those of a
 * language model are 10 and more times as large as the others at a few places, always the same ones.
 *
 * @param typical float32 [states · d]; none: one column each
 */
export function columnsOfNumbers(typical: Float32Array, d: number): Uint8Array {
  const columns = new Uint8Array(d).fill(1)
  const largest = new Float64Array(d)
  typical.forEach((value, i) => (largest[i % d] = Math.max(largest[i % d]!, Math.abs(value))))
  for (let added = Math.floor(addedShare * d); added > 0; added--) {
    let widest = 0
    for (let i = 1; i < d; i++)
      if (largest[i]! / columns[i]! > largest[widest]! / columns[widest]!) widest = i
    if (!(largest[widest]! > 0) || columns[widest] === 255) break
    columns[widest]!++
  }
  return columns
}

/**
 * Rounds the first `rows` rows of a model's LM head to int8, each with one scale; quantised rows as the floats that they stand
 * for. 28 M weights take a third of a second.
 *
 * @param columnsOf how many columns each number has (`columnsOfNumbers`)
 * @throws SpellmError for errors of the operating system
 */
export async function readInt8Rows(model: BaseModel, rows: number, columnsOf: Uint8Array): Promise<Int8Rows> {
  const { hiddenSize: d } = model.architecture
  const numbers = Int32Array.from(
    [...columnsOf, errorColumns, normColumns(d)].flatMap((count, i) => Array<number>(count).fill(i)),
  )
  const columns = new Int8Array(numbers.length * rows)
  const scales = new Float32Array(rows)
  const errors = new Float64Array(rows)
  const norms = new Float64Array(rows)
  const weightNorms = new Float32Array(rows)
  const tile = new Int8Array(tileRows * d)
  for await (const { first, values } of floatRows(model, rows)) {
    const count = values.length / d
    for (let start = 0; start < count; start += tileRows) {
      const inTile = Math.min(tileRows, count - start)
      for (let i = 0; i < inTile; i++) {
        const weights = values.subarray((start + i) * d, (start + i + 1) * d)
        const rounded = roundRow(weights, tile, i * d)
        scales[first + start + i] = rounded.scale
        errors[first + start + i] = rounded.error
        norms[first + start + i] = rounded.norm
        weightNorms[first + start + i] = rounded.weightNorm
      }
      writeColumns(tile, inTile, numbers, columns, first + start)
    }
    await setImmediate()
  }
  const [error, norm] = [wholeSteps(errors), wholeSteps(norms)]
  columns.set(error.steps, numbers.indexOf(d) * rows)
  columns.set(norm.steps, numbers.indexOf(d + 1) * rows)
  for (let column = 1; column < numbers.length; column++)
    if (numbers[column] === numbers[column - 1])
      columns.copyWithin(column * rows, (column - 1) * rows, column * rows)
  const [errorStep, normStep] = [error.step, norm.step]
  return { columns, numbers, scales, rows, errorStep, normStep, weightNorms }
}

/** Numbers of a state are off by half a unit at most, so all by √d / 2, and ‖q‖ is at most 127 √d, a step √d: their product, and a few. */
const normColumns = (d: number) => Math.ceil((d / 2 + 2 * Math.sqrt(d) + 2) / largestOfState)

/** Rows of an LM head as floats, many at once: float32 [count · d] from row `first` on. */
async function* floatRows(model: BaseModel, rows: number) {
  const { head, hiddenSize: d } = model.architecture
  const step = tileRows * Math.max(1, Math.floor(pieceBytes / (4 * d * tileRows)))
  const quantized = model.weights.isQuantized ? openHeadRows(model) : null
  try {
    for (let first = 0; first < rows; first += step) {
      const count = Math.min(step, rows - first)
      const values = quantized
        ? quantized.read(Array.from({ length: count }, (_, i) => first + i))
        : await model.checkpoint.readRows(head.weight.name, first, count)
      yield { first, values }
    }
  } finally {
    quantized?.close()
  }
}

/** Writes the integers of a row at `at`; error and norm of them are in units of the scale. */
function roundRow(weights: Float32Array, integers: Int8Array, at: number) {
  let extreme = 0
  for (let i = 0; i < weights.length; i++) {
    const size = Math.abs(weights[i]!)
    if (size > extreme) extreme = size
  }
  const scale = Math.fround(extreme / largest)
  const inverse = scale === 0 ? 0 : 1 / scale
  let errors = 0
  let squares = 0
  for (let i = 0; i < weights.length; i++) {
    const value = weights[i]! * inverse
    // Truncation is several times as fast as Math.round.
    const integer = Math.min(((value + 128.5) | 0) - 128, largest)
    integers[at + i] = integer
    errors += (value - integer) * (value - integer)
    squares += integer * integer
  }
  const [error, norm] = [Math.sqrt(errors), Math.sqrt(squares)]
  return { scale, error, norm, weightNorm: scale * (norm + error) * (1 + 1e-6) }
}

/** Writes rows of `tile` as columns from row `first` on, the first column of each number. */
function writeColumns(
  tile: Int8Array,
  inTile: number,
  numbers: Int32Array,
  columns: Int8Array,
  first: number,
): void {
  const d = tile.length / tileRows
  const rows = columns.length / numbers.length
  for (let number = 0, column = 0; number < d; column++) {
    if (numbers[column] !== number) continue
    const at = column * rows + first
    for (let i = 0; i < inTile; i++) columns[at + i] = tile[i * d + number]!
    number++
  }
}

/** Sizes as whole steps, rounded up to at most 127. */
function wholeSteps(sizes: Float64Array): { readonly steps: Int8Array; readonly step: number } {
  let most = 0
  for (const size of sizes) most = Math.max(most, size)
  // Sizes are sums of d squares in float64: a trifle more makes up for their rounding.
  const step = most === 0 ? 1 : (most * (1 + 1e-9)) / largest
  const steps = Int8Array.from(sizes, (size) => Math.min(largest, Math.ceil((size * (1 + 1e-10)) / step)))
  return { steps, step }
}
