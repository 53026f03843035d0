import { euclideanNorm } from './head-rounding.ts'
import type { Int8Rows } from './int8-rows.ts'

/**
 * Integers of a state lie within ± this, stored as 0 … 126. A processor without integer dot products adds pairs of products
 * of uint8 and int8 in 16 bits and cuts off what is beyond: 2 · 126 · 127 is not.
 */
const largest = 63
export const stateOffset = 64
/** The second integer of a number counts in such parts of the first. */
const parts = 2 * largest

/** States as two integers a number, for an integer product with `Int8Rows`. */
export interface Int8States {
  /** uint8 [2 · rows, d + 2], offset by `stateOffset`: first integers of all states, then second ones. */
  readonly integers: Uint8Array
  /** float32 [rows, 2 · rows]: joins the products of both. */
  readonly joining: Float32Array
  /** [rows]: what bounds are multiplied by. NaN for a state that is not finite. */
  readonly units: Float64Array
}

/**
 * Rounds states so that the product with `Int8Rows` is an upper bound of each logit.
 *
 * With x̂ = S (a + b / 126), a and b integers within ± 63 and S the state's unit, w · x = ŵ · x̂ + (w − ŵ) · x + ŵ · (x − x̂),
 * so w · x ≤ ŵ · x̂ + ‖w − ŵ‖ ‖x‖ + ‖ŵ‖ ‖x − x̂‖. In units of the row's scale and of S, the first term is an integer product;
 * the second and third are products of the two columns that `Int8Rows` has for them with the state's ‖x‖ / S and
 * ‖x − x̂‖ / S, which are written as two integers too, rounded up. So one product gives the sum. Products are exact
 * integers; scaling and joining them is a few float32 operations, off by less than 2^−20 of the terms' sizes, |ŵ · S a| ≤
 * ‖ŵ‖ (‖x‖ + S √d / 2) and the like, which the two are raised by.
 *
 * @param hidden float32 [rows · d]
 */
export function encodeStates(
  hidden: Float32Array,
  d: number,
  { errorStep, normStep }: Pick<Int8Rows, 'errorStep' | 'normStep'>,
): Int8States {
  const rows = hidden.length / d
  const width = d + 2
  const integers = new Uint8Array(2 * rows * width)
  const joining = new Float32Array(2 * rows * rows)
  const units = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    const state = hidden.subarray(row * d, (row + 1) * d)
    const [first, second] = [row * width, (rows + row) * width]
    const norm = euclideanNorm(state)
    const unit = unitOf(state, norm * errorStep)
    let residue = 0
    for (let i = 0; i < d; i++) {
      const value = state[i]! / unit
      const a = Math.round(value)
      const b = Math.round((value - a) * parts)
      const rest = value - a - b / parts
      residue += rest * rest
      integers[first + i] = a + stateOffset
      integers[second + i] = b + stateOffset
    }
    const raised = 1 + slack
    const ofError = (norm / unit) * raised
    const ofNorm = (Math.sqrt(residue) + slack * (norm / unit + Math.sqrt(d))) * raised
    for (const [i, size] of [ofError * errorStep, ofNorm * normStep].entries()) {
      const a = Math.round(size)
      integers[first + d + i] = a + stateOffset
      integers[second + d + i] = Math.ceil((size - a) * parts) + stateOffset
    }
    joining[row * 2 * rows + row] = 1
    joining[row * 2 * rows + rows + row] = 1 / parts
    units[row] = unit
  }
  return { integers, joining, units }
}

const slack = 2 ** -20

/** The unit that fits the largest number, and the norm in steps of the rows' errors, into the integers. */
function unitOf(state: Float32Array, normInSteps: number): number {
  let extreme = 0
  for (const value of state) extreme = Math.max(extreme, Math.abs(value))
  return Math.max(extreme / largest, normInSteps / (largest - 1)) || (extreme === 0 ? 1 : NaN)
}
