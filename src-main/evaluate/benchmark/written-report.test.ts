import { expect, it } from 'vitest'
import { withError } from './written-report.ts'

it.each([
  [1.0537, 0.021, '1.05 ± 0.02'],
  [1.0537, 0.0001, '1.05 ± 0.01'],
  [27.34, 0.4, '27.3 ± 0.4'],
  [27.34, 3, '27 ± 3'],
  [127.34, 30, '130 ± 30'],
  [1, 0, '1.00 ± 0.01'],
])('%d that may be off by %d is written as %s', (value, error, text) => {
  expect(withError(value, error)).toBe(text)
})

it('what was not measured has no figure', () => {
  expect(withError(null, null)).toBe('–')
})
