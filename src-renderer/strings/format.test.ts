import { describe, expect, it } from 'vitest'
import { formatBytes, formatRoughDuration, formatWithError, plural } from './format.ts'

it.each([
  [0, '0 tokens'],
  [1, '1 token'],
  [12_345, '12,345 tokens'],
])('a count of %d is written as %s', (count, text) => {
  expect(plural(count, 'token', 'tokens')).toBe(text)
})

describe('bytes', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1_000, '1 kB'],
    [12_345_678, '12.3 MB'],
    [999_600, '1 MB'],
    [82_900_000_000, '82.9 GB'],
    [5e15, '5,000 TB'],
  ])('%d are written as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })
})

describe('a guessed duration', () => {
  it.each([
    [1, '5s'],
    [22, '20s'],
    [57, '1m'],
    [1_234, '21m'],
    [3_580, '1h 0m'],
    [4_900, '1h 22m'],
  ])('of %d seconds is no more exact than a guess: %s', (seconds, text) => {
    expect(formatRoughDuration(seconds)).toBe(text)
  })
})

describe('a value with what it may be off by', () => {
  it.each([
    [1.0537, 0.021, '1.05 ± 0.02'],
    [27.34, 3, '27 ± 3'],
    [1_273.4, 30, '1,270 ± 30'],
    [1, 0, '1.00 ± 0.01'],
  ])('%d, %d: %s', (value, error, text) => {
    expect(formatWithError(value, error)).toBe(text)
  })
})
