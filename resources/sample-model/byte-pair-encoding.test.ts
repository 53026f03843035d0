import { describe, expect, test } from 'vitest'
import { byteSymbols } from '../../src-main/tokenizer/byte-symbols.ts'
import { countByteLevelWords } from './byte-level.ts'
import { trainBytePairEncoding } from './byte-pair-encoding.ts'

describe('trainBytePairEncoding', () => {
  test('joins the pairs of the classic example in the order worked out by hand', () => {
    // low 5, lower 2, newest 6, widest 3. Pairs at first: es 9, st 9, we 8, lo 7, ow 7, ne 6, ...
    const words = new Map([
      ['low', 5],
      ['lower', 2],
      ['newest', 6],
      ['widest', 3],
    ])
    expect(trainBytePairEncoding(words, 6, 1)).toEqual([
      { merge: ['e', 's'], count: 9 },
      { merge: ['es', 't'], count: 9 },
      { merge: ['l', 'o'], count: 7 },
      { merge: ['lo', 'w'], count: 7 },
      { merge: ['e', 'w'], count: 6 },
      { merge: ['ew', 'est'], count: 6 },
    ])
  })

  test('a pair that overlaps itself is joined from the left', () => {
    // aaaaa: aa occurs four times; aa|aa|a leaves (aa, aa) and (aa, a) once each.
    expect(trainBytePairEncoding(new Map([['aaaaa', 1]]), 3, 1)).toEqual([
      { merge: ['a', 'a'], count: 4 },
      { merge: ['aa', 'a'], count: 1 },
      { merge: ['aa', 'aaa'], count: 1 },
    ])
  })

  test('the order of the words does not matter', () => {
    const words: [string, number][] = [
      ['banana', 4],
      ['bandana', 3],
      ['ananas', 5],
      ['cabana', 2],
    ]
    const forwards = trainBytePairEncoding(new Map(words), 8, 1)
    expect(trainBytePairEncoding(new Map(words.reverse()), 8, 1)).toEqual(forwards)
  })

  test('stops when no pair is frequent enough', () => {
    expect(
      trainBytePairEncoding(
        new Map([
          ['ab', 10],
          ['cd', 9],
        ]),
        5,
        10,
      ),
    ).toEqual([{ merge: ['a', 'b'], count: 10 }])
  })
})

describe('byte level', () => {
  test('256 different symbols, with the well-known ones for space and newline', () => {
    expect(new Set(byteSymbols).size).toBe(256)
    expect(byteSymbols[0x20]).toBe('Ġ')
    expect(byteSymbols[0x0a]).toBe('Ċ')
    expect(byteSymbols[0x41]).toBe('A')
  })

  test('a word keeps the space before it, and stands in bytes', () => {
    expect(countByteLevelWords(["Is it? It isn't.\nIt é 12"])).toEqual(
      new Map([
        ['Is', 1],
        ['Ġit', 1],
        ['?', 1],
        ['ĠIt', 1],
        ['Ġisn', 1],
        ["'t", 1],
        ['.', 1],
        ['Ċ', 1],
        ['It', 1],
        ['ĠÃ©', 1],
        ['Ġ12', 1],
      ]),
    )
  })
})
