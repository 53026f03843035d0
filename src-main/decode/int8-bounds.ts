import {
  constant,
  createNode,
  createSingleOutputNode,
  input,
  int64Vector,
  type Value,
} from '../graph/index.ts'
import { createSession, floatData, int64Data, uint8Tensor, type SessionOptions } from '../runtime/session.ts'
import type { Int8Rows } from './int8-rows.ts'
import { stateOffset, type Int8States } from './int8-states.ts'

/** Tokens with the highest bounds that a pass returns: of SmolLM2's states, all need fewer. */
const returned = 32

/** A token and an upper bound of its row's dot product with a state. */
export interface Candidate {
  readonly token: number
  readonly bound: number
}

/** An int8 copy of the LM head, ready for products with states. */
export interface BoundSession {
  /** Some tokens of each state that have the highest bounds, highest first. */
  best(states: Int8States): Promise<Candidate[][]>
  /** The tokens of one state whose bounds pass, the highest bound first. */
  all(state: Int8States, passes: (bound: number) => boolean): Promise<Candidate[]>
  release(): Promise<void>
}

/**
 * Loads an int8 copy as a graph that gives upper bounds of its rows' products with states. The integer product is exact;
 * scaling it may round differently for several states, within what bounds were raised by. So the last bits of a bound may depend
 * on how many states there are, but never what is chosen.
 *
 * @throws SpellmError as `createSession`
 */
export async function createBoundSession(
  { columns, numbers, scales, rows }: Int8Rows,
  options: SessionOptions,
): Promise<BoundSession> {
  const bytes = new Uint8Array(columns.buffer)
  const width = numbers.length
  const bounds = createSingleOutputNode(
    'MatMulIntegerToFloat',
    [
      input('states', ['rows', width], 'uint8'),
      constant(bytes, [width, rows], 'int8'),
      constant(Float32Array.of(1), []),
      constant(scales, [rows]),
      constant(Uint8Array.of(stateOffset), []),
    ],
    ['rows', rows],
    { domain: 'com.microsoft', dtype: 'float32' },
  )
  const count = Math.min(returned, rows)
  const [values, tokens] = createNode('TopK', [bounds, int64Vector([count])], {
    attributes: { axis: 1 },
    outputs: [
      { shape: ['rows', count], dtype: 'float32' },
      { shape: ['rows', count], dtype: 'int64' },
    ],
  }) as [Value, Value]
  const session = await createSession({ values, tokens, bounds }, options)
  const feeds = ({ integers, units }: Int8States) => ({
    states: uint8Tensor(integers, [units.length, width]),
  })
  return {
    best: async (states) => {
      const results = await session.run(feeds(states), { values: null, tokens: null })
      const [highest, ids] = [floatData(results['values']), int64Data(results['tokens'])]
      return Array.from(states.units, (unit, row) =>
        Array.from({ length: count }, (_, i) => ({
          token: ids[row * count + i]!,
          bound: highest[row * count + i]! * unit,
        })),
      )
    },
    all: async (state, passes) => {
      const all = floatData((await session.run(feeds(state), { bounds: null }))['bounds'])
      const unit = state.units[0]!
      const found: Candidate[] = []
      all.forEach((bound, token) => {
        if (passes(bound * unit)) found.push({ token, bound: bound * unit })
      })
      return found.sort((a, b) => b.bound - a.bound)
    },
    release: () => session.release(),
  }
}
