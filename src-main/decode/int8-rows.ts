import { setImmediate } from 'node:timers/promises'
import type { BaseModel } from '../models/base-model.ts'

/** Integers of a row lie within ± this. */
const largest = 127
/** Float rows are read and rounded so many bytes at a time. */
const pieceBytes = 16 << 20
/** Rows that are turned into columns together: what they write lies within a cache line of each column. */
const tileRows = 64

/**
 * The LM head in int8 and how far each row is off, as columns for an integer product with states (int8-states.ts).
 *
 * Row v stands for scale_v · q_v, q_v integers within ± 127. Two columns more hold what an upper bound of w_v · x needs, in
 * units of scale_v: ‖w_v − scale_v q_v‖ in steps of `errorStep` and ‖q_v‖ in steps of `normStep`, both rounded up to
 * integers.
 */
export interface Int8Rows {
  /** int8 [d + 2, rows]. */
  readonly columns: Int8Array
  /** [rows]. */
  readonly scales: Float32Array
  readonly rows: number
  readonly errorStep: number
  readonly normStep: number
  /** The largest ‖w_v‖, in float64. */
  readonly largestNorm: number
}

/**
 * Rounds the first `rows` rows of a model's LM head to int8, each with one scale. 28 M weights take a third of a second.
 *
 * @throws SpellmError for errors of the operating system
 */
export async function readInt8Rows(model: BaseModel, rows: number): Promise<Int8Rows> {
  const { head, hiddenSize: d } = model.architecture
  const columns = new Int8Array((d + 2) * rows)
  const scales = new Float32Array(rows)
  const errors = new Float64Array(rows)
  const norms = new Float64Array(rows)
  let largestNorm = 0
  const step = tileRows * Math.max(1, Math.floor(pieceBytes / (4 * d * tileRows)))
  const tile = new Int8Array(tileRows * d)
  for (let first = 0; first < rows; first += step) {
    const count = Math.min(step, rows - first)
    const values = await model.checkpoint.readRows(head.weight.name, first, count)
    for (let start = 0; start < count; start += tileRows) {
      const inTile = Math.min(tileRows, count - start)
      for (let i = 0; i < inTile; i++) {
        const weights = values.subarray((start + i) * d, (start + i + 1) * d)
        const rounded = roundRow(weights, tile, i * d)
        scales[first + start + i] = rounded.scale
        errors[first + start + i] = rounded.error
        norms[first + start + i] = rounded.norm
        largestNorm = Math.max(largestNorm, rounded.weightNorm)
      }
      writeColumns(tile, d, inTile, columns, rows, first + start)
    }
    await setImmediate()
  }
  const errorStep = writeSteps(errors, columns.subarray(d * rows, (d + 1) * rows))
  const normStep = writeSteps(norms, columns.subarray((d + 1) * rows))
  return { columns, scales, rows, errorStep, normStep, largestNorm }
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
  return { scale, error, norm, weightNorm: scale * (norm + error) }
}

function writeColumns(
  tile: Int8Array,
  d: number,
  inTile: number,
  columns: Int8Array,
  rows: number,
  first: number,
): void {
  for (let column = 0; column < d; column++) {
    const at = column * rows + first
    for (let i = 0; i < inTile; i++) columns[at + i] = tile[i * d + column]!
  }
}

/** Writes sizes as whole steps, rounded up to at most 127; returns the step. */
function writeSteps(sizes: Float64Array, steps: Int8Array): number {
  let most = 0
  for (const size of sizes) most = Math.max(most, size)
  // Sizes are sums of d squares in float64: a trifle more makes up for their rounding.
  const step = most === 0 ? 1 : (most * (1 + 1e-9)) / largest
  for (let i = 0; i < sizes.length; i++)
    steps[i] = Math.min(largest, Math.ceil((sizes[i]! * (1 + 1e-10)) / step))
  return step
}
