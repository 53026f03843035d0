import { SpellmError } from '../errors.ts'
import type { BaseModel } from '../models/base-model.ts'
import { createTrunkSession } from '../models/trunk-session.ts'
import { seededRandom } from '../random.ts'
import { deviceNames, type Device } from '../runtime/devices/device.ts'

const promptTokens = 12

/** Of the largest hidden state: float16's rounding over many layers stays below, a wrong operator does not. */
const tolerance = 0.02

/** Models and devices that passed, in this process. */
const passed = new Set<string>()

/**
 * Compares what a device and the CPU make of a short text with this very model, once in a process: drivers that
 * compute small graphs right are known to fail in some operators and shapes without saying so.
 *
 * @throws SpellmError 'device-unavailable' if the hidden states differ
 */
export async function requireRightNumbers(model: BaseModel, device: Device): Promise<void> {
  const key = JSON.stringify([device, model.folder])
  if (device === 'cpu' || passed.has(key)) return
  const difference = hiddenDifference(await goldenStates(model, device), await goldenStates(model, 'cpu'))
  if (!(difference <= tolerance))
    throw new SpellmError(
      'device-unavailable',
      `${deviceNames[device]} computes wrong numbers with this model: its hidden states ${Number.isNaN(difference) ? 'are no numbers' : `differ from the processor's by ${(100 * difference).toFixed(0)} %`}.`,
      "Compute on the device 'cpu', or update the driver of the graphics card.",
    )
  passed.add(key)
}

/** Hidden states of a text that every model has the tokens for, read at once and then one token more. */
async function goldenStates(model: BaseModel, device: Device): Promise<Float32Array> {
  const random = seededRandom(1)
  const { vocabularySize } = model.architecture
  const prompt = Int32Array.from({ length: promptTokens }, () => random.below(vocabularySize))
  const trunk = await createTrunkSession(model, { device })
  try {
    const cache = trunk.createCache()
    const read = await trunk.forward(prompt, cache)
    const next = await trunk.forward(prompt.subarray(0, 1), cache)
    return Float32Array.of(...read, ...next)
  } finally {
    await trunk.release()
  }
}

/** The largest difference, as a share of the largest expected number; NaN if one of them is no number. */
export function hiddenDifference(found: Float32Array, expected: Float32Array): number {
  let difference = 0
  let scale = Number.MIN_VALUE
  expected.forEach((value, i) => {
    scale = Math.max(scale, Math.abs(value))
    difference = Math.max(difference, Math.abs(found[i]! - value))
  })
  return difference / scale
}
