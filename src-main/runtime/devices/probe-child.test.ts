import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { noVulkan, runOn } from '../testing/software-vulkan.ts'
import { probeAnswerSchema } from './probe-answer.ts'
import { probeProgram, spawnProbe } from './probe-child.ts'
import { largestDifference } from './probe.ts'
import { differenceLimit } from './report.ts'

describe('a probe in a process of its own', () => {
  it('finds the processor to agree with itself, and measures it', async () => {
    const { stdout, crash } = await spawnProbe('cpu')
    expect(crash).toBeNull()
    const answer = probeAnswerSchema.parse(JSON.parse(stdout.trim().split('\n').at(-1)!))
    if (answer.kind === 'failed') throw new Error(answer.reason)
    expect(answer.measured.maxDifference).toBe(0)
    expect(answer.measured.matrixGflops).toBeGreaterThan(1)
    expect(answer.measured.bandwidthGBps).toBeGreaterThan(0.5)
  })

  it.skipIf(process.platform === 'win32')('tells how it ended, if it was ended', async () => {
    expect(await spawnProbe('cpu', join(import.meta.dirname, 'testing/crash.ts'))).toEqual({
      stdout: 'about to compute\n',
      crash: 'killed by SIGSEGV',
    })
  })

  it('tells of a device that there is not', async () => {
    const missing = process.platform === 'darwin' ? 'dml' : 'coreml'
    const { stdout } = await spawnProbe(missing)
    expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({
      kind: 'failed',
      reason: expect.stringMatching(/ only; this is /) as string,
    })
  })

  it.skipIf(noVulkan !== null)(
    'finds WebGPU to agree with the CPU',
    () => {
      const answer = probeAnswerSchema.parse(runOn('webgpu', probeProgram))
      if (answer.kind === 'failed') throw new Error(answer.reason)
      expect(answer.measured.maxDifference).toBeGreaterThan(0)
      expect(answer.measured.maxDifference).toBeLessThan(differenceLimit)
    },
    300_000,
  )
})

describe('the largest difference', () => {
  const numbers = (...values: number[]) => new Map([['x', Float32Array.from(values)]])

  it('is a share of the largest number of the same tensor', () => {
    expect(largestDifference(numbers(1, 2), numbers(1, 4))).toBe(0.5)
    expect(largestDifference(numbers(1, 4), numbers(1, 4))).toBe(0)
  })

  it('is null where a number is none', () => {
    expect(largestDifference(numbers(1, NaN), numbers(1, 4))).toBeNull()
    expect(largestDifference(numbers(1, Infinity), numbers(1, 4))).toBeNull()
  })
})
