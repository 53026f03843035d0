import type { BaseModel } from '../models/base-model.ts'
import type { Device } from '../runtime/devices/device.ts'
import { createExactInt8Head } from './exact-int8-head.ts'
import type { WholeHead } from './load-model.ts'

/** A loaded model's exact int8 head, where it has one: what lossless mode verifies with if that takes less time. */
export interface Int8Verifier {
  /**
   * The head, whose `choices` are by int8; opened when it is first asked for, and kept. null: weights are quantised already,
   * the device isn't the processor, or the copy doesn't fit into free memory.
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
  /** Whether so many bytes are free. */
  readonly isFree: (bytes: number) => Promise<boolean>
  /** The float head, for what int8 can't decide and for logits. */
  readonly floatHead: () => Promise<WholeHead>
}

export function createInt8Verifier(
  base: BaseModel,
  { validTokens, device, threads, isFree, floatHead }: Int8VerifierOptions,
): Int8Verifier {
  const { head, hiddenSize } = base.architecture
  // The session takes its own copy of the rows while ours is still there.
  const bytes = 2 * validTokens * hiddenSize
  const open = async () => {
    if (base.weights.isQuantized || device !== 'cpu' || !(head.scale > 0)) return null
    const float = await floatHead()
    if (!(await isFree(bytes))) return null
    const exact = await createExactInt8Head(base, {
      validTokens,
      floatHead: float,
      ...(threads === undefined ? {} : { threads }),
    })
    const whole: WholeHead = {
      ...float,
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
