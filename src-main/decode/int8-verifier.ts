import type { BaseModel } from '../models/base-model.ts'
import { openHeadRows } from '../models/head-rows.ts'
import { roundActivations } from '../models/quantize.ts'
import type { Device } from '../runtime/devices/device.ts'
import { createExactInt8Head } from './exact-int8-head.ts'
import { createRoundingBound } from './head-rounding.ts'
import { int8Columns } from './int8-rows.ts'
import type { WholeHead } from './whole-head.ts'

/** A loaded model's exact int8 head, where it has one: what lossless mode verifies with if that takes less time. */
export interface Int8Verifier {
  /**
   * The head, whose `choices` are by int8; opened when it is first asked for, and kept. null: the device isn't the CPU,
   * blocks have minima or their product is none of those that round states to 8 bits, or the copy doesn't fit into free memory.
   */
  get(): Promise<WholeHead | null>
  /** Opens it for a comparison. Unless it is kept, its memory is given back then. */
  compare<Result>(
    work: (head: WholeHead | null) => Promise<{ readonly isKept: boolean; readonly result: Result }>,
  ): Promise<Result>
  release(): Promise<void>
}

/** What an int8 verifier is opened with. */
export interface Int8VerifierOptions {
  readonly validTokens: number
  readonly device: Device
  readonly threads: number | undefined
  /** Whether the given number of bytes is free. */
  readonly isFree: (bytes: number) => Promise<boolean>
  /** The model's own head, for what int8 can't decide and for logits. */
  readonly ownHead: () => Promise<WholeHead>
  /** Some states of the model, float32 [states · d]. */
  readonly typicalStates: () => Promise<Float32Array>
}

export function createInt8Verifier(
  base: BaseModel,
  { validTokens, device, threads, isFree, ownHead, typicalStates }: Int8VerifierOptions,
): Int8Verifier {
  const { head, hiddenSize } = base.architecture
  // The session takes its own copy of the rows while ours is still there.
  const bytes = 2 * validTokens * int8Columns(hiddenSize)
  const open = async () => {
    if (device !== 'cpu' || !(head.scale > 0)) return null
    const matrix = base.weights.matrix(head.weight.name)
    if ('bits' in matrix && matrix.minima) return null
    const own = await ownHead()
    if (!(await isFree(bytes))) return null
    const typical = await typicalStates()
    if ('bits' in matrix && !(await roundsStates(base, own, matrix.blockSize, typical))) return null
    const exact = await createExactInt8Head(base, {
      validTokens,
      ownHead: own,
      typical,
      ...(threads === undefined ? {} : { threads }),
    })
    const whole: WholeHead = {
      ...own,
      choices: (hidden) => exact.choices(hidden),
      greedy: async (hidden) => (await exact.choices(hidden))[0]!,
      greedyRows: (hidden) => exact.choices(hidden),
      get rescored() {
        return exact.rescored
      },
      release: () => exact.release(),
    }
    return whole
  }
  let kept: Promise<WholeHead | null> | null = null
  const isTaken = () => kept !== null
  return {
    get: () => (kept ??= open()),
    compare: async (work) => {
      if (kept) return (await work(await kept)).result
      const opened = await open()
      let isAdopted = false
      try {
        const { isKept, result } = await work(opened)
        // While it was compared, somebody may have asked for one to keep.
        isAdopted = isKept && !isTaken()
        if (isAdopted) kept = Promise.resolve(opened)
        return result
      } finally {
        if (!isAdopted) await opened?.release()
      }
    },
    release: async () => (await kept)?.release(),
  }
}

/** Rows of the head that are looked at. */
const checkedRows = 512

/**
 * Whether a head in blocks multiplies states rounded to 8 bits: some CPUs have no such product, and onnxruntime then
 * multiplies floats.
 *
 * @param states at least one, [states · d]
 */
async function roundsStates(
  base: BaseModel,
  own: Pick<WholeHead, 'logits'>,
  blockSize: number,
  states: Float32Array,
): Promise<boolean> {
  const { hiddenSize } = base.architecture
  const state = states.slice(0, hiddenSize)
  const [boundOf, logits] = [await createRoundingBound(base), await own.logits(state)]
  // A lead's bound is that of four times what a logit is off by.
  const off = boundOf(state)() / 4
  const rows = openHeadRows(base)
  const tokens = Array.from({ length: Math.min(checkedRows, base.architecture.vocabularySize) }, (_, i) => i)
  const expected = rows.logits(roundActivations(state, blockSize).subarray(0, hiddenSize), tokens)
  rows.close()
  // Padded rows have no logit.
  return tokens.every((token) => {
    const logit = logits[token]!
    return logit === -Infinity || Math.abs(logit - expected[token]!) <= off
  })
}
