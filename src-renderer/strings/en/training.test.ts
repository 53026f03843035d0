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
  expect(sentence(1.1, false)).toContain('differed from the base model’s in places')
  expect(sentence(null)).toContain('too short')
})

it.each([
  [1.12, 1.14, 'Learned groups 1.14 ×, a spelled alphabet 1.12 × the base model’s speed: about the same.'],
  [
    1.0,
    1.1,
    'Learned groups 1.10 ×, a spelled alphabet 1.00 × the base model’s speed: learned groups faster by 10%.',
  ],
  [
    1.2,
    1.1,
    'Learned groups 1.10 ×, a spelled alphabet 1.20 × the base model’s speed: a spelled alphabet faster by 9%.',
  ],
])('of two kinds it is said which is faster, and by how much: %d and %d', (own, other, expected) => {
  const said = trainingStrings.otherKind(
    { kind: 'spelling', speedup: own },
    { kind: 'groups', speedup: other },
  )
  expect(said).toBe(expected)
})

it('the offer says about how long it takes, where that is known', () => {
  expect(trainingStrings.tryGroups(452)).toBe('Try learned groups on this text (about 8m)')
  expect(trainingStrings.tryGroups(null)).toBe('Try learned groups on this text')
})
