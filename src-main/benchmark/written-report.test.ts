import { expect, it } from 'vitest'
import { withError, writtenNotes } from './written-report.ts'

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

it('says how tokens were picked, where that was not the best one', () => {
  const mode = { ...{ mode: 'base' as const, msPerToken: 1, msPerTokenError: 0, speedup: 1 }, ...nothing }
  const written = {
    prompts: 'chat' as const,
    contexts: [{ context: 128, promptTokens: 90, modes: [mode], plan: null, peer: null }],
  }
  expect(writtenNotes({ ...written, sampling: null })).toHaveLength(1)
  const sampling = { temperature: 0.7, topP: 0.9, repetitionPenalty: 1.1, seed: 3 }
  expect(writtenNotes({ ...written, sampling })[1]).toBe(
    'Drawn at temperature 0.7, seed 3, top-p 0.9, repetition penalty 1.1.',
  )
  expect(writtenNotes({ ...written, sampling: { temperature: 0, presencePenalty: 1, seed: 0 } })[1]).toBe(
    'The best token is chosen, presence penalty 1.',
  )
})

const nothing = {
  speedupQuartiles: null,
  speedupError: null,
  texts: 2,
  tokens: 40,
  identicalTexts: 2,
  trunkPasses: 1,
  headPasses: 1,
  rows: 1,
  baseAlone: 0,
}
