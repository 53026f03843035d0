import { expect, it } from 'vitest'
import { createProgressMeter } from './progress-meter.ts'

function meterWithClock() {
  let now = 1_000
  return { meter: createProgressMeter(() => now), pass: (milliseconds: number) => (now += milliseconds) }
}

it('knows no rate before something was done', () => {
  const { meter } = meterWithClock()
  meter.begin('text')
  expect(meter.progress).toEqual({ phase: 'text', done: 0, total: 0, rate: null, secondsLeft: null })
  meter.update(500, 1_000)
  expect(meter.progress).toEqual({ phase: 'text', done: 500, total: 1_000, rate: null, secondsLeft: null })
})

it('counts only what this process did', () => {
  const { meter, pass } = meterWithClock()
  meter.begin('train')
  meter.update(800, 1_000)
  pass(2_000)
  meter.update(900, 1_000)
  expect(meter.progress).toMatchObject({ rate: 50, secondsLeft: 2 })
})

it('follows a change of speed within twenty seconds', () => {
  const { meter, pass } = meterWithClock()
  meter.begin('train')
  for (let i = 0; i <= 100; i++, pass(1_000)) meter.update(i * 10, 100_000)
  expect(meter.progress.rate).toBeCloseTo(10)
  for (let i = 1; i <= 21; i++, pass(1_000)) meter.update(1_000 + i, 100_000)
  expect(meter.progress.rate).toBeCloseTo(1, 1)
})

it('still knows a rate when a step takes longer than that', () => {
  const { meter, pass } = meterWithClock()
  meter.begin('train')
  for (let i = 0; i <= 3; i++, pass(60_000)) meter.update(i * 600, 6_000)
  expect(meter.progress.rate).toBeCloseTo(10)
})

it('starts again with each phase', () => {
  const { meter, pass } = meterWithClock()
  meter.begin('cache')
  meter.update(1, 10)
  pass(1_000)
  meter.update(2, 10)
  meter.begin('train')
  expect(meter.progress).toEqual({ phase: 'train', done: 0, total: 0, rate: null, secondsLeft: null })
})
