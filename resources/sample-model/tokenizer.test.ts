import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { stories } from '../stories/stories.ts'
import { byteSymbols } from '../../src-main/tokenizer/byte-symbols.ts'
import { openTokenizer } from '../../src-main/tokenizer/index.ts'

interface TokenizerFile {
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly string[] }
}

const readJson = (name: string): object =>
  JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as object

const file = readJson('tokenizer.json')
const tokenizer = await openTokenizer(import.meta.dirname)
const { vocab, merges } = (file as TokenizerFile).model

const roundTrip = (text: string): string =>
  tokenizer.decode(tokenizer.encode(text, { splitSpecialTokens: true }))

test('4,096 entries without a gap: the separator, the bytes, then what the merges make', () => {
  expect(Object.values(vocab).sort((a, b) => a - b)).toEqual(Array.from({ length: 4_096 }, (_, id) => id))
  expect(vocab['<|endoftext|>']).toBe(0)
  expect(byteSymbols.map((symbol) => vocab[symbol])).toEqual(byteSymbols.map((_, byte) => byte + 1))
  for (const merge of merges) expect(vocab).toHaveProperty([merge.replace(' ', '')])
})

test('stories come back as they were, in little more than one token a word', () => {
  let words = 0
  let tokens = 0
  let seen = 0
  for (const story of stories(99)) {
    expect(roundTrip(story)).toBe(story)
    words += story.match(/[\p{L}\p{N}']+|[^\s\p{L}\p{N}']+/gu)!.length
    tokens += tokenizer.encode(story).length
    if (++seen === 100) break
  }
  expect(tokens / words).toBeLessThan(1.2)
})

test.each([
  ' ',
  '  two  spaces and a tab\t\r\n\n ',
  'const x = { a: [1, 2], "b": `${c}` } // isn\'t it?',
  'Grüße, œuvre, ÅNGSTRÖM',
  'مرحبا بالعالم',
  '日本語のテキスト',
  '👩‍👩‍👧‍👦🏳️‍🌈 e\u0301',
  '\0\u0001\u001b[31m\u007f\u00a0\u2028\ufeff',
  'once<|endoftext|>upon',
])('odd text comes back as it was: %j', (text) => {
  expect(roundTrip(text)).toBe(text)
})

test('the separator is one token', () => {
  expect(tokenizer.encode('<|endoftext|>')).toEqual([0])
})
