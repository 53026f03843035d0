import { calibrateGate } from '../decode/calibrate-gate.ts'
import { createBaseHead } from '../decode/chooser.ts'
import { shareTrunk, textsAtOnce } from '../decode/batched-generation.ts'
import type { TailSession } from '../spellm/tail-session.ts'
import { CancelledError } from '../base/errors.ts'
import type { BaseModel } from '../models/base-model.ts'
import { createBatchTrunk } from '../models/batch-trunk.ts'
import type { Device } from '../runtime/devices/device.ts'
import type { Turn } from '../runtime/turns.ts'
import type { Gate } from '../spellm/gates.ts'

const texts = 16
const promptTokens = 12
const writtenTokens = 48

/**
 * The thresholds of gated mode for a tail, measured on texts that begin as the windows of `ids` do.
 *
 * @throws CancelledError when the signal fires
 */
export async function measureGates(
  base: BaseModel,
  tail: TailSession,
  ids: Int32Array,
  {
    windowTokens,
    device,
    onProgress,
    signal,
    turn,
  }: {
    readonly windowTokens: number
    readonly device: Device
    /** Tokens written, and at most to be written. */
    readonly onProgress: (done: number, total: number) => void
    readonly signal?: AbortSignal | undefined
    readonly turn: Turn
  },
): Promise<Gate[]> {
  const { stopTokens, architecture } = base
  const { contextLength } = architecture
  const windows = Math.floor(ids.length / windowTokens)
  const length = Math.min(promptTokens, windowTokens, contextLength)
  const prompts = Array.from({ length: Math.min(texts, windows) }, (_, i) => {
    const start = Math.floor((i * windows) / texts) * windowTokens
    return [...ids.subarray(start, start + length)]
  })
  const total = 2 * prompts.length * writtenTokens
  let done = 0
  const head = await createBaseHead(base, { device, prepack: true })
  try {
    const batch = await createBatchTrunk(base, textsAtOnce, { device })
    try {
      const shared = shareTrunk(batch, { tail, head, turn })
      const options = {
        tokens: writtenTokens,
        onStep: () => onProgress(++done, total),
        stopTokens,
        contextLength,
        ...(signal ? { signal } : {}),
      }
      const gates = await calibrateGate(shared, prompts, options)
      if (signal?.aborted) throw new CancelledError()
      return gates
    } finally {
      await batch.release()
    }
  } finally {
    await head.release()
  }
}
