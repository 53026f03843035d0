import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { noVulkan, runOn } from '../runtime/testing/software-vulkan.ts'

const reportSchema = z.record(
  z.string(),
  z.object({
    one: z.object({ choices: z.array(z.int()), states: z.array(z.number()) }),
    batch: z.array(z.number()),
    bytes: z.array(z.int()),
  }),
)
const program = join(import.meta.dirname, 'testing/cached-passes.ts')

/** The largest difference as a share of the largest number. Vulkan's sines and cosines are exact to 2⁻¹¹ only. */
const differenceShare = (found: readonly number[], expected: readonly number[]) => {
  expect(found.length).toBe(expected.length)
  const largest = (numbers: readonly number[]) =>
    numbers.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  return largest(found.map((value, i) => value - expected[i]!)) / largest(expected)
}

describe.skipIf(noVulkan !== null)('a cache on WebGPU', () => {
  let cpu: z.infer<typeof reportSchema>
  let gpu: typeof cpu
  beforeAll(() => {
    cpu = reportSchema.parse(runOn('cpu', program))
    gpu = reportSchema.parse(runOn('webgpu', program))
  }, 300_000)

  it.each(['gqa-tied', 'mistral', 'gemma3'])("holds what the CPU's holds: '%s'", (name) => {
    const [expected, found] = [cpu[name]!, gpu[name]!]
    expect(found.one.choices).toEqual(expected.one.choices)
    expect(new Set(expected.one.choices).size).toBeGreaterThan(10)
    expect(differenceShare(found.one.states, expected.one.states)).toBeLessThan(5e-3)
    expect(differenceShare(found.batch, expected.batch)).toBeLessThan(5e-3)
  })

  it('stays there: a step uploads the token, its position and its place, however long the text is', () => {
    const stepBytes = 8 + 8 + 4
    for (const { bytes } of Object.values(gpu)) expect(bytes).toEqual(Array(4).fill(stepBytes))
  })
})
