import { expect } from 'vitest'
import { seededRandom } from '../../base/random.ts'
import { createSession, floatData, floatTensor, type Feeds } from '../../runtime/session.ts'
import { constant, gradients, input, multiply, reduceSum, staticElementCount, type Value } from '../index.ts'

/** Random numbers of a shape, within [low, high). */
export function randomData(
  shape: readonly number[],
  seed: number,
  [low, high] = [-1, 1] as readonly [number, number],
) {
  const random = seededRandom(seed)
  return Float32Array.from({ length: staticElementCount(shape) }, () => low + (high - low) * random.uniform())
}

/**
 * Asserts that the gradient of Σ output ⊙ c, for a random constant c, agrees with central differences in
 * every element of every input.
 */
export async function expectTrueGradients(
  shapes: readonly (readonly number[])[],
  build: (...inputs: Value[]) => Value,
  {
    range = [-1, 1],
    feeds = {},
  }: { readonly range?: readonly [number, number]; readonly feeds?: Feeds } = {},
): Promise<void> {
  const inputs = shapes.map((shape, i) => input(`x${i}`, shape))
  const output = build(...inputs)
  const cotangent = constant(randomData(output.shape.map(Number), 99), output.shape)
  const loss = reduceSum(multiply(output, cotangent))
  const outputs = Object.fromEntries(gradients(loss, inputs).map((gradient, i) => [`d${i}`, gradient]))
  const session = await createSession({ loss, ...outputs }, { threads: 1 })
  const data = shapes.map((shape, i) => randomData(shape, i + 1, range))
  const run = () =>
    session.run({
      ...feeds,
      ...Object.fromEntries(data.map((x, i) => [`x${i}`, floatTensor(x, shapes[i]!)])),
    })

  const exact = await run()
  const step = 1 / 256
  for (const [i, x] of data.entries()) {
    const gradient = floatData(exact[`d${i}`])
    expect(gradient.length).toBe(x.length)
    for (let j = 0; j < x.length; j++) {
      const original = x[j]!
      x[j] = original + step
      const above = floatData((await run())['loss'])[0]!
      x[j] = original - step
      const below = floatData((await run())['loss'])[0]!
      x[j] = original
      const difference = (above - below) / (2 * step)
      const tolerance = 2e-3 + 1e-2 * Math.abs(difference)
      expect(
        Math.abs(gradient[j]! - difference),
        `input ${i}, element ${j}: ${gradient[j]!} against ${difference}`,
      ).toBeLessThan(tolerance)
    }
  }
  await session.release()
}
