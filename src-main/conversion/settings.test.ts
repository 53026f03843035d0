import { expect, it } from 'vitest'
import { SpellmError } from '../base/errors.ts'
import { parseConversionSettings } from './settings.ts'

it("refuses a tail for sampling beside whole words, whose probabilities it can't learn", () => {
  const base = 'sample'
  expect(() => parseConversionSettings({ base, units: 'word', samplingTail: true })).toThrow(SpellmError)
  expect(parseConversionSettings({ base, units: 'word' }).samplingTail).toBe(false)
  expect(parseConversionSettings({ base, samplingTail: true }).units).toBe('token')
})
