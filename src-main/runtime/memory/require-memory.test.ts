import { describe, expect, it } from 'vitest'
import { freeMemory, parseMemoryInfo } from './free-memory.ts'
import { requireMemory } from './require-memory.ts'

const machine = { total: 16e9, free: 10e9, canSwap: true }
const card = { total: 8e9, free: 6e9, canSwap: false }

describe('the check before a job', () => {
  it('says nothing where there is enough', () => {
    expect(requireMemory('It', 9e9, machine)).toBeNull()
    expect(requireMemory('It', 5e9, card)).toBeNull()
  })

  it('warns of more than is free, and names the need', () => {
    expect(requireMemory('This model', 12e9, machine)).toMatch(
      /^This model needs about 12\.0 GB of memory; 10\.0 GB of 16\.0 GB are free\./,
    )
  })

  it('refuses more than the machine has, or than a card has free', () => {
    const refusal = (needed: number, memory: typeof machine) => () => requireMemory('It', needed, memory)
    expect(refusal(17e9, machine)).toThrow(expect.objectContaining({ code: 'out-of-memory' }))
    expect(refusal(7e9, card)).toThrow(/7\.0 GB of memory; 6\.0 GB of 8\.0 GB/)
  })

  it('only warns where that is asked for', () => {
    expect(requireMemory('It', 17e9, machine, { ignoresShortage: true })).toContain('17.0 GB')
  })
})

describe('what is free', () => {
  it('is what Linux counts as available', () => {
    const text =
      'MemTotal:       24683656 kB\nMemFree:        20385000 kB\nMemAvailable:   23000000 kB\nSwapFree:  1000 kB\n'
    expect(parseMemoryInfo(text)).toEqual({
      total: 24_683_656 * 1024,
      free: 23_000_000 * 1024,
      freeSwap: 1_024_000,
    })
    expect(parseMemoryInfo('MemTotal: 5 kB')).toBeNull()
  })

  it('is a part of all there is', () => {
    const { total, free } = freeMemory()
    expect(free).toBeGreaterThan(0)
    expect(free).toBeLessThanOrEqual(total)
  })
})
