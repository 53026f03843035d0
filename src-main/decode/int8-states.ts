import { euclideanNorm } from './head-rounding.ts'
import { errorColumns, largestOfState, type Int8Rows } from './int8-rows.ts'

/** What integers of a state are offset by. */
export const stateOffset = largestOfState + 1

/** States as integers, for an integer product with `Int8Rows`. */
export interface Int8States {
  /** uint8 [rows, columns], offset by `stateOffset`. */
  readonly integers: Uint8Array
  /** [rows]: what bounds are multiplied by. NaN for a state that is not finite. */
  readonly units: Float64Array
}

/**
 * Rounds states so that the product with `Int8Rows` is an upper bound of each logit.
 *
 * With x̂ = S a, a integers and S the state's unit, w · x = ŵ · x̂ + (w − ŵ) · x + ŵ · (x − x̂), so w · x ≤ ŵ · x̂ + ‖w − ŵ‖ ‖x‖ +
 * ‖ŵ‖ ‖x − x̂‖. In units of the row's scale and of S, the first term is an integer product; the second and third are products of
 * the numbers that `Int8Rows` has for them with the state's ‖x‖ / S and ‖x − x̂‖ / S, which are written as integers too, rounded
 * up. So one product gives the sum. An integer is the sum of what its columns hold. Products are exact integers; scaling them is
 * a few float32 operations, off by less than 2^−20 of the terms' sizes, |ŵ · S a| ≤ ‖ŵ‖ (‖x‖ + S √d / 2) and the like, which the
 * two are raised by.
 *
 * @param hidden float32 [rows · d]
 */
export function encodeStates(
  hidden: Float32Array,
  d: number,
  { numbers, errorStep, normStep }: Pick<Int8Rows, 'numbers' | 'errorStep' | 'normStep'>,
): Int8States {
  const rows = hidden.length / d
  const width = numbers.length
  const integers = new Uint8Array(rows * width)
  const units = new Float64Array(rows)
  const limits = limitsOf(numbers, d)
  const left = new Int32Array(d + 2)
  for (let row = 0; row < rows; row++) {
    const state = hidden.subarray(row * d, (row + 1) * d)
    const norm = euclideanNorm(state)
    const unit = unitOf(state, norm * errorStep, limits)
    let residue = 0
    for (let i = 0; i < d; i++) {
      const value = state[i]! / unit
      const integer = Math.round(value)
      residue += (value - integer) * (value - integer)
      left[i] = integer
    }
    const raised = 1 + slack
    left[d] = Math.ceil((norm / unit) * raised * errorStep)
    left[d + 1] = Math.ceil((Math.sqrt(residue) + slack * (norm / unit + Math.sqrt(d))) * raised * normStep)
    for (let column = 0; column < width; column++) {
      const number = numbers[column]!
      const held = Math.max(-largestOfState, Math.min(largestOfState, left[number]!))
      left[number]! -= held
      integers[row * width + column] = held + stateOffset
    }
    units[row] = unit
  }
  return { integers, units }
}

const slack = 2 ** -20

/** What the columns of each of d numbers hold together, at most. */
function limitsOf(numbers: Int32Array, d: number): Float64Array {
  const limits = new Float64Array(d)
  for (const number of numbers) if (number < d) limits[number]! += largestOfState
  return limits
}

/** The unit that fits all numbers, and the norm in steps of the rows' errors, into the integers of their columns. */
function unitOf(state: Float32Array, normInSteps: number, limits: Float64Array): number {
  let unit = normInSteps / (errorColumns * largestOfState - 2)
  for (let i = 0; i < state.length; i++) unit = Math.max(unit, Math.abs(state[i]!) / limits[i]!)
  if (!Number.isFinite(unit)) return NaN
  return unit === 0 ? 1 : unit
}
