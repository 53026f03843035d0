import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { limitRate } from './limited-rate.ts'

const frameMilliseconds = 16

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  vi.stubGlobal('requestAnimationFrame', (task: () => void) => setTimeout(task, frameMilliseconds))
  vi.stubGlobal('cancelAnimationFrame', clearTimeout)
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('does something on the next frame after it was asked for, once however often', () => {
  const task = vi.fn()
  const limited = limitRate(task, 100)
  for (let i = 0; i < 5; i++) limited.request()
  expect(task).not.toHaveBeenCalled()
  vi.advanceTimersByTime(frameMilliseconds)
  expect(task).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(1_000)
  expect(task).toHaveBeenCalledTimes(1)
})

it('keeps its distance under a flood of requests, and does not forget the last', () => {
  const times: number[] = []
  const limited = limitRate(() => times.push(performance.now()), 100)
  for (let i = 0; i < 100; i++) {
    limited.request()
    vi.advanceTimersByTime(10)
  }
  const flooded = times.length
  expect(flooded).toBeGreaterThan(5)
  times.slice(1).forEach((time, i) => expect(time - times[i]!).toBeGreaterThanOrEqual(100))
  vi.advanceTimersByTime(1_000)
  expect(times).toHaveLength(flooded + 1)
})

it('can be taken back while it waits for its time, and while it waits for its frame', () => {
  const task = vi.fn()
  const limited = limitRate(task, 100)
  limited.request()
  limited.cancel()
  vi.advanceTimersByTime(1_000)
  expect(task).not.toHaveBeenCalled()
  limited.request()
  vi.advanceTimersByTime(frameMilliseconds)
  limited.request()
  limited.cancel()
  vi.advanceTimersByTime(1_000)
  expect(task).toHaveBeenCalledTimes(1)
})
