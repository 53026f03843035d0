import { expect, it } from 'vitest'
import { customAlphabet } from '../spelling/alphabet.ts'
import { buildSpeller } from '../spelling/speller.ts'
import { bytes, ordinary, special } from '../spelling/testing/vocabulary.ts'
import { createTokenClassifier, scriptOf } from './token-categories.ts'

it.each([
  [' the', 'Latin'],
  ['naïve', 'Latin'],
  ['«Привет', 'Cyrillic'],
  ['λόγος', 'Greek'],
  ['سلام', 'Arabic'],
  ['語', 'Han'],
  ['2nd', 'digits'],
  ['٣', 'digits'],
  ['  \n', 'punctuation and space'],
  ['…»', 'punctuation and space'],
  ['ह', 'other'],
  ['かな', 'other'],
])('%j is %s', (text, script) => {
  expect(scriptOf(ordinary(text))).toBe(script)
})

it('special tokens and parts of characters are other', () => {
  expect(scriptOf(special('<end>'))).toBe('other')
  expect(scriptOf(bytes(0xe8, 0xaa))).toBe('other')
  expect(scriptOf(undefined)).toBe('other')
})

it('a token is sorted by status, frequency and script', () => {
  const vocabulary = ['a', 'abc', 'é', 'ab'].map(ordinary)
  const speller = buildSpeller(vocabulary, customAlphabet('abc', vocabulary), 2)
  const kindsOf = createTokenClassifier(speller, vocabulary, Uint32Array.of(9, 10, 0, 5_000))
  expect([0, 1, 2, 3, 4].map((token) => Object.values(kindsOf(token)))).toEqual([
    ['covered', '1 to 9', 'Latin'],
    ['shadowed', '10 to 99', 'Latin'],
    ['uncovered', '0', 'Latin'],
    ['covered', '1,000 and more', 'Latin'],
    // A row of the embedding that the tokenizer doesn't know.
    ['uncovered', '0', 'other'],
  ])
})
