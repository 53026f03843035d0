import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { noVulkan, runOn } from '../runtime/testing/software-vulkan.ts'
import { hiddenDifference } from './device-parity.ts'

const reportSchema = z.object({
  choices: z.array(z.int()),
  losses: z.array(z.number()),
  texts: z.record(z.string(), z.array(z.int())),
})
const program = join(import.meta.dirname, 'testing/whole-path.ts')

describe.skipIf(noVulkan !== null)('a conversion on WebGPU', () => {
  it('has the same teacher, learns the same and writes the same as on the CPU', () => {
    const [cpu, gpu] = [
      reportSchema.parse(runOn('cpu', program)),
      reportSchema.parse(runOn('webgpu', program)),
    ]
    expect(new Set(cpu.choices).size).toBeGreaterThan(50)
    expect(gpu.choices).toEqual(cpu.choices)
    expect(cpu.losses.at(-1)!).toBeLessThan(0.9 * cpu.losses[0]!)
    gpu.losses.forEach((loss, step) => expect(loss).toBeCloseTo(cpu.losses[step]!, 3))
    expect(Object.keys(cpu.texts)).toEqual(['base', 'trie', 'free', 'lossless'])
    for (const text of Object.values(cpu.texts)) expect(new Set(text).size).toBeGreaterThan(10)
    expect(gpu.texts).toEqual(cpu.texts)
    expect(gpu.texts['lossless']).toEqual(gpu.texts['base'])
    for (const text of Object.values(cpu.texts)) expect(text.slice(20)).toEqual(text.slice(0, 20))
  }, 300_000)

  it('computes the operators of all kinds of architectures right', () => {
    const checked = runOn('webgpu', join(import.meta.dirname, 'testing/golden-checks.ts'))
    expect(checked).toEqual({
      'mqa-bf16': null,
      'fp16-sharded': null,
      gemma3: null,
      gpt2: null,
      phi3: null,
      qwen3: null,
    })
  }, 300_000)
})

describe('the difference of hidden states', () => {
  const expected = Float32Array.of(1, -4, 2)

  it('is a share of the largest one', () => {
    expect(hiddenDifference(expected, expected)).toBe(0)
    expect(hiddenDifference(Float32Array.of(1, -4, 3), expected)).toBe(0.25)
  })

  it('is no number where one of them is none', () => {
    expect(hiddenDifference(Float32Array.of(Number.NaN, -4, 2), expected)).toBeNaN()
  })
})
