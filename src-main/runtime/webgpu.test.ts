import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

/** Chromium's software Vulkan device: slow, but a real one. */
const softwareVulkan = '/usr/lib/chromium/vk_swiftshader_icd.json'
const reason = existsSync(softwareVulkan) ? null : `no software Vulkan device: ${softwareVulkan} is missing`
if (reason) console.log(`skipped: WebGPU tests (${reason})`)

const reportSchema = z.object({
  losses: z.array(z.number()),
  norms: z.array(z.number()),
  correct: z.array(z.number()),
  gradient: z.array(z.array(z.number())),
  final: z.array(z.array(z.number())),
  locations: z.array(z.string()),
})

function trainOn(device: 'cpu' | 'webgpu') {
  const runtimeFolder = mkdtempSync(join(tmpdir(), 'spellm-vulkan-'))
  const script = join(import.meta.dirname, 'testing/train-tail.ts')
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', script, device],
    {
      encoding: 'utf8',
      env: { ...process.env, VK_ICD_FILENAMES: softwareVulkan, XDG_RUNTIME_DIR: runtimeFolder },
      timeout: 300_000,
    },
  )
  rmSync(runtimeFolder, { recursive: true })
  expect({ status, signal }, stderr).toEqual({ status: 0, signal: null })
  return reportSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1)!))
}

const largestDifference = (a: readonly number[], b: readonly number[]) => {
  expect(a.length).toBe(b.length)
  return a.reduce((max, value, i) => Math.max(max, Math.abs(value - b[i]!)), 0)
}

describe.skipIf(reason !== null)('training on WebGPU', () => {
  it('agrees with the CPU in gradients, losses and final parameters, keeps its state on the device and ends cleanly', () => {
    const [cpu, gpu] = [trainOn('cpu'), trainOn('webgpu')]
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
