import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { attendTo, createTurns, type Turn } from './turns.ts'

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => vi.useRealTimers())

/** Work in a turn that takes so many milliseconds. */
function takeTurn(turn: Turn, name: string, log: string[], milliseconds = 10): Promise<void> {
  return turn(async () => {
    log.push(`${name} begins`)
    await new Promise<void>((resolve) => setTimeout(resolve, milliseconds))
    log.push(`${name} ends`)
  })
}
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)
const begun = (log: readonly string[]) =>
  log.filter((line) => line.endsWith('begins')).map((line) => line.split(' ')[0])

describe('turns', () => {
  it('are one after the other, in the order of asking', async () => {
    const { foreground } = createTurns()
    const log: string[] = []
    const all = Promise.all(['a', 'b', 'c'].map((name) => takeTurn(foreground, name, log)))
    await pass(30)
    await all
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  })

  it('go to those who are waited for before the background', async () => {
    const { foreground, background } = createTurns()
    const log: string[] = []
    const all = Promise.all([
      takeTurn(background, 'step', log),
      takeTurn(background, 'next', log),
      takeTurn(foreground, 'asked', log),
    ])
    await pass(30)
    await all
    expect(begun(log)).toEqual(['step', 'asked', 'next'])
  })

  it('are given back when the work fails', async () => {
    const { foreground } = createTurns()
    await expect(foreground(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(await foreground(() => Promise.resolve('done'))).toBe('done')
  })

  it('of the background come once a second while somebody is attended to, and at once after that', async () => {
    const turns = createTurns()
    const log: string[] = []
    const leave = turns.attend()
    const steps = (async () => {
      for (const name of ['first', 'second', 'third']) await takeTurn(turns.background, name, log)
    })()
    await pass(500)
    expect(begun(log)).toEqual(['first'])
    await pass(1_000)
    expect(begun(log)).toEqual(['first', 'second'])
    leave()
    await pass(10)
    await steps
    expect(begun(log)).toEqual(['first', 'second', 'third'])
  })

  it('of the background come even where those who are attended to leave no gap', async () => {
    const turns = createTurns()
    const log: string[] = []
    const stream = attendTo(turns, async () => {
      for (let i = 0; i < 300; i++) await takeTurn(turns.foreground, 'token', log)
    })
    const steps = (async () => {
      for (let i = 0; i < 3; i++) await takeTurn(turns.background, 'step', log)
    })()
    await pass(3_500)
    await Promise.all([stream, steps])
    const order = begun(log)
    const places = order.flatMap((name, i) => (name === 'step' ? [i] : []))
    expect(places).toHaveLength(3)
    // A hundred tokens of 10 ms between two steps.
    expect(places[1]! - places[0]!).toBeGreaterThan(90)
    expect(places[2]! - places[1]!).toBeGreaterThan(90)
  })
})
