import type { Head } from '../models/architecture.ts'
import type { BaseModel } from '../models/base-model.ts'
import { logitOf, openHeadRows, type HeadRows } from '../models/head-rows.ts'
import { roundActivations } from '../models/quantize.ts'
import { createRoundingBound } from './head-rounding.ts'
import { createBoundSession, type Candidate } from './int8-bounds.ts'
import { columnsOfNumbers, readInt8Rows } from './int8-rows.ts'
import { encodeStates } from './int8-states.ts'
import {
  createVerifyingHead,
  requireValidTokens,
  type VerifyingHead,
  type VerifyingHeadOptions,
} from './verifying-head.ts'

export interface ExactInt8Head extends VerifyingHead {
  /** Rows that were read for a state, on average so far. */
  readonly rowsPerState: number
}

export interface ExactInt8HeadOptions extends Pick<VerifyingHeadOptions, 'validTokens' | 'threads'> {
  /**
   * What is chosen where the best two are within rounding. 'as own head' (default): what base mode says with the model's
   * own head, which is asked then, and takes its memory from the first time on. 'exact': the token with the largest dot
   * product in float64, of equal ones the first; for one state as for several, so that base mode may use this head too.
   */
  readonly ties?: 'as own head' | 'exact'
  /**
   * Some states of the model, float32 [states · d]: integers are finer, and fewer rows are read, where it is known which
   * numbers of a state are the largest.
   */
  readonly typical?: Float32Array
  /** An open head, which its owner releases; default: its own, opened when it is first needed. */
  readonly ownHead?: Pick<VerifyingHead, 'choices' | 'logits'>
}

/**
 * The greedy choice of a head from an int8 copy of it: that gives an upper bound of each token's logit (int8-states.ts), and the
 * rows of the few tokens whose bounds reach the best logit decide. They are read from the model's files and multiplied in
 * float64. For a float head that is a quarter of its bytes; of a head in blocks it saves the time that their product takes for
 * several states, which are multiplied as that product rounds them. On processors only. States that are not finite are left
 * to the model's own head.
 *
 * `logits` opens that (`createVerifyingHead`) when it is first called.
 *
 * @throws TypeError for blocks with minima; RangeError for a scale of the head that isn't positive, and as
 *   `createVerifyingHead`; SpellmError as `createSession`
 */
export async function createExactInt8Head(
  model: BaseModel,
  {
    ties = 'as own head',
    ownHead: given,
    typical = new Float32Array(0),
    ...options
  }: ExactInt8HeadOptions = {},
): Promise<ExactInt8Head> {
  const { head, hiddenSize: d, vocabularySize } = model.architecture
  const { validTokens = vocabularySize, ...sessionOptions } = options
  const matrix = model.weights.matrix(head.weight.name)
  const blockSize = 'bits' in matrix ? matrix.blockSize : null
  if ('bits' in matrix && matrix.minima)
    throw new TypeError('products with minima are of two kinds of states')
  if (!(head.scale > 0)) throw new RangeError(`the head's scale is ${head.scale}`)
  requireValidTokens(model, validTokens)
  const asRead = (state: Float32Array) =>
    blockSize === null ? state : roundActivations(state, blockSize).subarray(0, d)
  const copy = await readInt8Rows(model, validTokens, columnsOfNumbers(typical, d))
  // The copy itself is let go of when the session has its own.
  const { numbers, errorStep, normStep } = copy
  const steps = { numbers, errorStep, normStep }
  const boundOf = await createRoundingBound(model, blockSize === null ? copy.weightNorms : undefined)
  const session = await createBoundSession(copy, sessionOptions)
  const rows = openHeadRows(model)
  const opened = lazily(() => createVerifyingHead(model, options))
  const ownHead = async () => given ?? (await opened.get())
  const count = { states: 0, rows: 0, rescored: 0 }

  /** @param read the state as the head's product reads it */
  const choose = async (state: Float32Array, read: Float32Array, candidates: readonly Candidate[]) => {
    // In float64 nothing is off that counts, so each logit may be off by what a float one is: a quarter of the bound.
    const bound = boundOf(state)
    const off: Off = ties === 'exact' ? null : (token) => bound(token) / 4
    let decision = decide(candidates, read, rows, head, off)
    count.rows += decision.read
    if (!decision.isComplete && candidates.length < validTokens) {
      const { best } = decision
      const isBelow = comparison(head, off)
      const others = await session.all(encodeStates(read, d, steps), (bound) => !isBelow(bound, best))
      decision = decide(others, read, rows, head, off)
      count.rows += decision.read
    }
    if (!decision.isWithinRounding) return decision.token
    count.rescored++
    return (await (await ownHead()).choices(state))[0]!
  }
  return {
    choices: async (hidden) => {
      const read = new Float32Array(hidden.length)
      for (let at = 0; at < hidden.length; at += d) read.set(asRead(hidden.subarray(at, at + d)), at)
      const encoded = encodeStates(read, d, steps)
      const candidates = await session.best(encoded)
      const chosen = new Int32Array(candidates.length)
      for (const [row, own] of candidates.entries()) {
        const [from, to] = [row * d, (row + 1) * d]
        const state = hidden.subarray(from, to)
        count.states++
        chosen[row] = Number.isFinite(encoded.units[row])
          ? await choose(state, read.subarray(from, to), own)
          : (await (await ownHead()).choices(state))[0]!
      }
      return chosen
    },
    logits: async (hidden) => (await ownHead()).logits(hidden),
    get rescored() {
      return count.rescored
    },
    get rowsPerState() {
      return count.rows / count.states
    },
    release: async () => {
      rows.close()
      await session.release()
      await opened.release()
    },
  }
}

/** What a token's logit may be off by, or any token's; null: rounding doesn't count. */
type Off = ((token?: number) => number) | null

interface Decision {
  readonly token: number
  /** Whether the second best comes as close as the margin. */
  readonly isWithinRounding: boolean
  /** Whether no token beyond those given can be the best, or come that close to it. */
  readonly isComplete: boolean
  /** The token's product. */
  readonly best: number
  /** Rows that were read. */
  readonly read: number
}

/**
 * Multiplies rows with a state in the order of their bounds, highest first, until none that follows can be the best by what
 * rounding explains.
 */
function decide(
  candidates: Iterable<Candidate>,
  state: Float32Array,
  rows: Pick<HeadRows, 'read'>,
  head: Pick<Head, 'scale' | 'cap'>,
  off: Off,
): Decision {
  const isBelow = comparison(head, off)
  let [token, best] = [-1, -Infinity]
  const read: { readonly token: number; readonly product: number }[] = []
  let isComplete = false
  for (const candidate of candidates) {
    if (isBelow(candidate.bound, best)) {
      isComplete = true
      break
    }
    const product = dot(rows.read([candidate.token]), state)
    read.push({ token: candidate.token, product })
    if (product > best || (product === best && candidate.token < token)) {
      best = product
      token = candidate.token
    }
  }
  const least = off ? logitOf(best, head) - off(token) : 0
  const isWithinRounding =
    off !== null &&
    read.some((other) => other.token !== token && logitOf(other.product, head) + off(other.token) >= least)
  return { token, best, isWithinRounding, isComplete, read: read.length }
}

/** Whether a product is so far below another that rounding doesn't explain it. */
function comparison(head: Pick<Head, 'scale' | 'cap'>, off: Off) {
  // Products are compared where nothing else is asked: the cap makes large ones equal.
  if (!off) return (product: number, best: number) => product < best
  const margin = 2 * off()
  return (product: number, best: number) => logitOf(product, head) < logitOf(best, head) - margin
}

/** Σ a_i b_i in float64, from the first to the last. */
function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** Something that is opened when it is first asked for. */
function lazily<Resource extends { release(): Promise<void> }>(open: () => Promise<Resource>) {
  let opened: Resource | null = null
  return {
    get: async () => (opened ??= await open()),
    release: async () => opened?.release(),
  }
}
