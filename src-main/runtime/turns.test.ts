import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { attendTo, createTurns, type Turn } from './turns.ts'

/** Work that is done when it is told to be. */
function task(turn: Turn, name: string, log: string[]) {
  let finish = () => undefined as unknown
  const done = turn(() => {
    log.push(name)
    return new Promise<void>((resolve) => (finish = resolve))
  })
  return { done, finish: () => finish() }
}
const settle = () => vi.advanceTimersByTimeAsync(0)

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => vi.useRealTimers())

describe('turns', () => {
  it('are one after the other, in the order of asking', async () => {
    const { foreground } = createTurns()
    const log: string[] = []
    const first = task(foreground, 'first', log)
    const second = task(foreground, 'second', log)
    await settle()
    expect(log).toEqual(['first'])
    first.finish()
    await first.done
    await settle()
    expect(log).toEqual(['first', 'second'])
    second.finish()
    await second.done
  })

  it('go to those who are waited for before the background', async () => {
    const { foreground, background } = createTurns()
    const log: string[] = []
    const present = task(foreground, 'present', log)
    const step = task(background, 'step', log)
    const asked = task(foreground, 'asked', log)
    present.finish()
    await present.done
    await settle()
    expect(log).toEqual(['present', 'asked'])
    asked.finish()
    await asked.done
    await settle()
    expect(log).toEqual(['present', 'asked', 'step'])
    step.finish()
    await step.done
  })

  it('are given back when the work fails', async () => {
    const { foreground } = createTurns()
    await expect(foreground(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(await foreground(() => Promise.resolve('done'))).toBe('done')
  })

  it('of the background come once a second while somebody is attended to, and at once after that', async () => {
    const turns = createTurns()
    const log: string[] = []
    const next = async (name: string) => {
      const step = task(turns.background, name, log)
      await settle()
      return step
    }
    const leave = turns.attend()
    const first = await next('first')
    first.finish()
    await first.done
    const second = await next('second')
    await vi.advanceTimersByTimeAsync(900)
    expect(log).toEqual(['first'])
    await vi.advanceTimersByTimeAsync(200)
    expect(log).toEqual(['first', 'second'])
    second.finish()
    await second.done
    const third = await next('third')
    expect(log).toEqual(['first', 'second'])
    leave()
    await settle()
    expect(log).toEqual(['first', 'second', 'third'])
    third.finish()
    await third.done
  })

  it('of the background come even while steps that are waited for leave no gap', async () => {
    const turns = createTurns()
    const log: string[] = []
    let foreground = 0
    await attendTo(turns, async () => {
      const step = task(turns.background, 'step', log)
      step.finish()
      await settle()
      step.finish()
      await step.done
      const later = task(turns.background, 'later', log)
      while (log.length < 2) {
        const work = turns.foreground(async () => {
          foreground++
          await sleepFaked(50)
        })
        const another = turns.foreground(() => Promise.resolve())
        await vi.advanceTimersByTimeAsync(50)
        if (log.length < 2) await Promise.all([work, another])
        later.finish()
      }
      later.finish()
      await later.done
    })
    expect(log).toEqual(['step', 'later'])
    expect(foreground).toBeGreaterThan(10)
  })
})

const sleepFaked = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))
void sleep
