import { expect, it } from 'vitest'
import { trainingStrings } from './training.ts'

const sentence = (speedup: number | null, sameText = true) =>
  trainingStrings.verdict({ mode: 'lossless', speedup, sameText })

it.each([
  [1.064, 'was 1.06 times as fast on this machine'],
  [1.03, 'was 1.03 times as fast on this machine'],
  [1.029, 'was about as fast on this machine'],
  [0.971, 'was about as fast on this machine'],
  [0.97, 'was 3% slower on this machine'],
  [0.5, 'was 50% slower on this machine'],
])('a verdict says how much the time a token gains or loses: %d', (speedup, expected) => {
  expect(sentence(speedup)).toContain(expected)
})

it('a verdict says whether the text was the same, and when it was too short to tell how fast', () => {
  expect(sentence(1.1)).toContain('the base model’s text, token for token')
  expect(sentence(1.1, false)).toContain('not the base model’s everywhere')
  expect(sentence(null)).toContain('too short')
})
