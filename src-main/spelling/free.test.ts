import { describe, expect, it } from 'vitest'
import { byteAlphabet, customAlphabet } from './alphabet.ts'
import { lookUp } from './free.ts'
import { buildSpeller } from './speller.ts'
import { bytes, ordinary, special } from './testing/vocabulary.ts'

describe('what the heads spell', () => {
  const letters = 'abc'
  const vocabulary = [
    special('<bos>'),
    ordinary('a'),
    ordinary('ab'),
    ordinary('bcab'),
    ordinary('cccccc'),
    special('<eos>'),
  ]
  const speller = buildSpeller(vocabulary, customAlphabet(letters, vocabulary), 4)
  const symbolOf: Record<string, number> = { a: 0, b: 1, c: 2, '.': 3, '^': 4, $: 5 }
  /** `.` is END, `^` and `$` are the special tokens. */
  const spelled = (text: string) =>
    lookUp(
      speller,
      Int32Array.from({ length: text.length }, (_, i) => symbolOf[text[i]!]!),
    )
  const none = (text: string) => ({ kind: 'none', bytes: new TextEncoder().encode(text) })

  it('is the token of that spelling', () => {
    expect(spelled('a...')).toEqual({ kind: 'token', token: 1 })
    expect(spelled('ab..')).toEqual({ kind: 'token', token: 2 })
    expect(spelled('bcab')).toEqual({ kind: 'token', token: 3 })
  })

  it('ends at the first END, whatever follows', () => {
    expect(spelled('ab.c')).toEqual({ kind: 'token', token: 2 })
    expect(spelled('a.$b')).toEqual({ kind: 'token', token: 1 })
  })

  it('is a truncated token where it has its first k symbols', () => {
    expect(spelled('cccc')).toEqual({ kind: 'token', token: 4 })
  })

  it('is completed where only one spelling begins so', () => {
    expect(spelled('bc..')).toEqual({ kind: 'completed', token: 3 })
    expect(spelled('c...')).toEqual({ kind: 'completed', token: 4 })
  })

  it('is text for the tokenizer otherwise', () => {
    expect(spelled('abc.')).toEqual(none('abc'))
    expect(spelled('baba')).toEqual(none('baba'))
  })

  it('is nothing where END comes first', () => {
    expect(spelled('.abc')).toEqual(none(''))
  })

  it('is a special token where its symbol comes first, whatever follows', () => {
    expect(spelled('^...')).toEqual({ kind: 'token', token: 0 })
    expect(spelled('$abc')).toEqual({ kind: 'token', token: 5 })
  })

  it('ends before a special symbol in a later place', () => {
    expect(spelled('ab$.')).toEqual({ kind: 'token', token: 2 })
    expect(spelled('bc$a')).toEqual({ kind: 'completed', token: 3 })
    expect(spelled('ac^a')).toEqual(none('ac'))
  })

  it('is text, not a completion, where two spellings begin so', () => {
    const forked = [ordinary('abc'), ordinary('abd')]
    const table = buildSpeller(forked, customAlphabet('abcd', forked), 4)
    expect(lookUp(table, [0, 1, 4, 4])).toEqual(none('ab'))
  })

  it('may be a part of a character in a byte alphabet', () => {
    const parts = [bytes(0xe4, 0xbd, 0xa0), bytes(0xe4, 0xbd), ordinary('好')]
    const table = buildSpeller(parts, byteAlphabet(parts), 3)
    expect(lookUp(table, [0xe4, 0xbd, 256])).toEqual({ kind: 'token', token: 1 })
    expect(lookUp(table, [0xe5, 256, 256])).toEqual({ kind: 'completed', token: 2 })
    expect(lookUp(table, [0xbd, 0xa0, 256])).toEqual({ kind: 'none', bytes: Uint8Array.of(0xbd, 0xa0) })
  })

  it('is text where pieces spell a token in another way than the shortest', () => {
    const words = [ordinary('abc'), ordinary('abcd'), ordinary('xab')]
    const pieces = ['6162', '616263'] // ab, abc
    const table = buildSpeller(words, { unit: 'piece', pieces, specialTokens: [] }, 3)
    const end = 258
    expect(lookUp(table, [257, end, end])).toEqual({ kind: 'token', token: 0 })
    expect(lookUp(table, [257, 0x64, end])).toEqual({ kind: 'token', token: 1 })
    expect(lookUp(table, [0x78, end, end])).toEqual({ kind: 'completed', token: 2 })
    expect(lookUp(table, [256, 0x63, end])).toEqual(none('abc'))
    expect(lookUp(table, [256, 257, 0x78])).toEqual(none('ababcx'))
  })

  it('is text of any script', () => {
    const words = [ordinary('שלום'), ordinary('של')]
    const table = buildSpeller(words, customAlphabet('שלום', words), 4)
    const [lamed, finalMem, vav, shin, end] = [1, 2, 0, 3, 4]
    expect(lookUp(table, [shin, lamed, vav, finalMem])).toEqual({ kind: 'token', token: 0 })
    expect(lookUp(table, [shin, lamed, vav, end])).toEqual({ kind: 'completed', token: 0 })
    expect(lookUp(table, [lamed, vav, end, end])).toEqual(none('לו'))
  })

  it('needs one symbol for each head', () => {
    expect(() => lookUp(speller, [0, 1])).toThrow('2 symbols for 4 heads')
  })
})
