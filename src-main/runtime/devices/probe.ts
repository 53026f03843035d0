import { z } from 'zod'
import { createSession, floatData } from '../session.ts'
import { createTrainer } from '../trainer/index.ts'
import type { Device } from './device.ts'
import { decoderProbe, rateProbe, trainingProbe, type ProbeGraph, type RateProbe } from './probe-graphs.ts'

/** What a device was seen to do. */
export const measurementSchema = z.object({
  /**
   * The largest difference from the CPU's numbers, as a share of the largest number of the same tensor; null: not
   * all of them were numbers.
   */
  maxDifference: z.number().nullable(),
  /** Billions of floating-point operations a second in large float32 matrix products. */
  matrixGflops: z.number(),
  /** Billions of bytes a second of weights read where one vector is multiplied with a large matrix. */
  bandwidthGBps: z.number(),
})
export type Measurement = z.infer<typeof measurementSchema>

type Numbers = ReadonlyMap<string, Float32Array>

const trainingSteps = 3
const optimizer = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.01, maxGradientNorm: 1 }

/**
 * Computes a layer of a language model and some steps of training, compares each number with the CPU's, and
 * measures two rates. A driver may end the process.
 *
 * @throws SpellmError 'device-unavailable' | 'out-of-memory'
 */
export async function probeDevice(device: Device): Promise<Measurement> {
  return {
    maxDifference: largestDifference(await probeNumbers(device), await probeNumbers('cpu')),
    matrixGflops: 1e-9 * (await rateOf(device, matrixProbes, ({ operations }) => operations)),
    bandwidthGBps: 1e-9 * (await rateOf(device, vectorProbes, ({ weightBytes }) => weightBytes)),
  }
}

async function probeNumbers(device: Device): Promise<Numbers> {
  const training = trainingProbe()
  const numbers = new Map([
    ...(await run(decoderProbe(), device)),
    ...(await run(training.gradients, device)),
  ])
  const trainer = await createTrainer(training.graph, training.initial, { ...optimizer, device })
  try {
    for (let step = 1; step <= trainingSteps; step++) {
      const { loss, gradientNorm } = await trainer.step(training.feeds, { all: 1e-2 })
      numbers.set(`step.${step}`, Float32Array.of(loss, gradientNorm))
    }
    const { tensors } = await trainer.state()
    for (const [name, { parameter }] of tensors) numbers.set(`trained.${name}`, parameter)
  } finally {
    await trainer.release()
  }
  return numbers
}

async function run({ outputs, feeds }: ProbeGraph, device: Device): Promise<Numbers> {
  const session = await createSession(outputs, { device })
  try {
    const results = await session.run(feeds)
    return new Map(Object.keys(outputs).map((name) => [name, floatData(results[name]).slice()]))
  } finally {
    await session.release()
  }
}

/** @see measurementSchema.maxDifference */
export function largestDifference(numbers: Numbers, reference: Numbers): number | null {
  let largest = 0
  for (const [name, expected] of reference) {
    const scale = expected.reduce((max, value) => Math.max(max, Math.abs(value)), Number.MIN_VALUE)
    const found = numbers.get(name)!
    for (let i = 0; i < expected.length; i++) {
      const difference = Math.abs(found[i]! - expected[i]!) / scale
      if (!Number.isFinite(difference)) return null
      largest = Math.max(largest, difference)
    }
  }
  return largest
}

/** A quick look, and what is measured of a device that isn't too slow for it. */
interface RateProbes {
  readonly small: () => RateProbe
  readonly large: () => RateProbe
}

// Chains, because one product of a fast device is mostly the way there and back.
const matrixProbes: RateProbes = {
  small: () => rateProbe(256, 1024, 1),
  large: () => rateProbe(1024, 1024, 16),
}
/** The large one has 64 MiB of weights: more than most caches hold. */
const vectorProbes: RateProbes = {
  small: () => rateProbe(1, 2048, 1),
  large: () => rateProbe(1, 4096, 16),
}

const slowSeconds = 0.1
const attempts = 4

/** What `amount` counts, a second, in the fastest of a few runs. */
async function rateOf(
  device: Device,
  { small, large }: RateProbes,
  amount: (probe: RateProbe) => number,
): Promise<number> {
  const quick = await measure(device, small())
  if (quick.seconds > slowSeconds) return amount(quick.probe) / quick.seconds
  const { probe, seconds } = await measure(device, large())
  return amount(probe) / seconds
}

async function measure(device: Device, probe: RateProbe): Promise<{ probe: RateProbe; seconds: number }> {
  const session = await createSession(probe.outputs, { device })
  try {
    const runs: number[] = []
    // The first run allocates and compiles: of a fast device it says little.
    for (let i = 0; i < attempts && !(runs.length > 1 && runs.at(-1)! > slowSeconds); i++) {
      const started = performance.now()
      await session.run(probe.feeds)
      runs.push((performance.now() - started) / 1000)
    }
    return { probe, seconds: Math.min(...runs) }
  } finally {
    await session.release()
  }
}
