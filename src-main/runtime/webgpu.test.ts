import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { noVulkan, runOn } from './testing/software-vulkan.ts'

const reportSchema = z.object({
  losses: z.array(z.number()),
  norms: z.array(z.number()),
  correct: z.array(z.number()),
  gradient: z.array(z.array(z.number())),
  final: z.array(z.array(z.number())),
  locations: z.array(z.string()),
})

const program = join(import.meta.dirname, 'testing/train-tail.ts')

const largestDifference = (a: readonly number[], b: readonly number[]) => {
  expect(a.length).toBe(b.length)
  return a.reduce((max, value, i) => Math.max(max, Math.abs(value - b[i]!)), 0)
}

describe.skipIf(noVulkan !== null)('training on WebGPU', () => {
  it('agrees with the CPU in gradients, losses and final parameters, keeps its state on the device and ends cleanly', () => {
    const [cpu, gpu] = [
      reportSchema.parse(runOn('cpu', program)),
      reportSchema.parse(runOn('webgpu', program)),
    ]
    expect(cpu.losses.at(-1)!).toBeLessThan(0.8 * cpu.losses[0]!)
    expect(largestDifference(gpu.gradient.flat(), cpu.gradient.flat())).toBeLessThan(1e-5)
    expect(largestDifference(gpu.losses, cpu.losses)).toBeLessThan(1e-3)
    expect(largestDifference(gpu.norms, cpu.norms)).toBeLessThan(1e-3)
    expect(largestDifference(gpu.final.flat(), cpu.final.flat())).toBeLessThan(1e-3)
    // A row whose two best scores are closer than rounding may count differently.
    expect(largestDifference(gpu.correct, cpu.correct)).toBeLessThan(0.02)
    expect(gpu.locations).toEqual(['gpu-buffer'])
  })
})
