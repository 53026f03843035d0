import { SpellmError } from '../base/errors.ts'
import type { BaseModel } from '../models/base-model.ts'
import type { ProductType } from '../models/blocks.ts'
import { withHalfProducts } from '../models/precision.ts'
import { createTrunkSession } from '../models/trunk-session.ts'
import { seededRandom } from '../base/random.ts'
import { deviceNames, type Device } from '../runtime/devices/device.ts'

const promptTokens = 12

/** A share of the largest hidden state: float16's rounding over many layers stays below, a wrong operator does not. */
const tolerance = 0.02

/** What products are right in, by model and device, in this process. */
const found = new Map<string, ProductType>()

/**
 * The model as a device should compute it. Compares what the device and the CPU make of a short text with this very
 * model, once in a process: drivers that compute small graphs right are known to fail in some operators and shapes
 * without saying so.
 *
 * Away from the CPU, products of weights in float are in float16 if that computes right. It does not on a card
 * without float16, with weights beyond its range (an infinite one spoils every hidden state), or where activations
 * leave the range, as some of Gemma's do. Then they are in float32.
 *
 * @param onNotice called with the reason why float16 is not used
 * @throws SpellmError 'device-unavailable' if the hidden states differ in float32 too
 */
export async function fitToDevice(
  model: BaseModel,
  device: Device,
  onNotice: (message: string) => void = () => undefined,
): Promise<BaseModel> {
  if (device === 'cpu') return model
  const fitted = { float16: withHalfProducts(model), float32: model }
  const key = JSON.stringify([device, model.folder, model.weights.isQuantized])
  const known = found.get(key)
  if (known) return fitted[known]
  const expected = await referenceStates(model, 'cpu')
  const differenceOf = async (type: ProductType) =>
    hiddenDifference(await referenceStates(fitted[type], device), expected)
  if (!model.weights.isQuantized) {
    const problem = await differenceOf('float16').then(describeDifference, describeFailure)
    if (problem === null) {
      found.set(key, 'float16')
      return fitted.float16
    }
    onNotice(`${deviceNames[device]} computes in float32, not in float16: ${problem}.`)
  }
  const problem = describeDifference(await differenceOf('float32'))
  if (problem !== null)
    throw new SpellmError(
      'device-unavailable',
      `${deviceNames[device]} computes wrong numbers with this model: ${problem}.`,
      "Compute on the device 'cpu', or update the driver of the graphics card.",
    )
  found.set(key, 'float32')
  return model
}

/** What is wrong, as a clause; null for a difference that is none. */
function describeDifference(difference: number): string | null {
  if (difference <= tolerance) return null
  return `its hidden states ${Number.isNaN(difference) ? 'contain NaN' : `differ from the CPU's by ${(100 * difference).toFixed(0)} %`}`
}

/** A card without float16 is found out when it is asked for it. Too little memory would be too little again. */
function describeFailure(error: unknown): string {
  if (!(error instanceof Error) || error instanceof SpellmError) throw error
  return /requires f16/.test(error.message)
    ? 'the card has none'
    : `it fails there (${error.message.slice(0, 200)})`
}

/** Hidden states of a text that every model has the tokens for, read at once and then one token more. */
export async function referenceStates(model: BaseModel, device: Device): Promise<Float32Array> {
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

/** The largest difference, as a share of the largest expected number; NaN if one of them is NaN. */
export function hiddenDifference(found: Float32Array, expected: Float32Array): number {
  let difference = 0
  let scale = Number.MIN_VALUE
  expected.forEach((value, i) => {
    scale = Math.max(scale, Math.abs(value))
    difference = Math.max(difference, Math.abs(found[i]! - value))
  })
  return difference / scale
}
