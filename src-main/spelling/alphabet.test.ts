import { describe, expect, it } from 'vitest'
import {
  alphabetFromCorpus,
  alphabetFromVocabulary,
  alphabetSchema,
  alphabetSize,
  asciiAlphabet,
  byteAlphabet,
  customAlphabet,
  endSymbol,
  latin1Alphabet,
  parseAlphabet,
  spelledBytes,
} from './alphabet.ts'
import { bytes, ordinary, special } from './testing/vocabulary.ts'

const vocabulary = [special('<bos>'), ordinary('the'), ordinary('tee'), ordinary('==='), special('<eos>')]

describe('an alphabet', () => {
  it('orders its symbols: text, END, special tokens', () => {
    const alphabet = customAlphabet('ab', vocabulary)
    expect(alphabet).toEqual({ unit: 'character', characters: ['a', 'b'], specialTokens: [0, 4] })
    expect(endSymbol(alphabet)).toBe(2)
    expect(alphabetSize(alphabet)).toBe(5)
  })

  it('has 97 characters for ASCII, 193 for Latin-1, 256 bytes', () => {
    expect(endSymbol(asciiAlphabet(vocabulary))).toBe(97)
    expect(endSymbol(latin1Alphabet(vocabulary))).toBe(193)
    expect(endSymbol(byteAlphabet(vocabulary))).toBe(256)
    const ascii = asciiAlphabet([])
    if (ascii.unit !== 'character') throw new Error('expected characters')
    expect(ascii.characters.slice(0, 4)).toEqual(['\t', '\n', ' ', '!'])
    expect(ascii.characters.at(-1)).toBe('~')
  })

  it('survives JSON', () => {
    for (const alphabet of [byteAlphabet(vocabulary), customAlphabet('שלום 👩‍👩‍👧 e\u0301é', vocabulary)])
      expect(alphabetSchema.parse(JSON.parse(JSON.stringify(alphabet)))).toEqual(alphabet)
  })

  it('turns text symbols back into bytes', () => {
    const alphabet = customAlphabet('שa', [])
    expect(spelledBytes(alphabet, [1, 0, 2], 2)).toEqual(new TextEncoder().encode('שa'))
    expect(spelledBytes(byteAlphabet([]), [0xe2, 0x82], 2)).toEqual(Uint8Array.of(0xe2, 0x82))
    expect(() => spelledBytes(alphabet, [2], 1)).toThrow(RangeError)
  })
})

describe('alphabetSchema', () => {
  const good = { unit: 'character', characters: ['a', 'é', '😀'], specialTokens: [3] }
  it('takes a well-formed alphabet', () => expect(alphabetSchema.parse(good)).toEqual(good))

  it.each([
    ['duplicate characters', { ...good, characters: ['a', 'b', 'a'] }],
    ['a lone surrogate', { ...good, characters: ['\ud83d'] }],
    ['a reversed surrogate pair', { ...good, characters: ['\ude00\ud83d'] }],
    ['two code points that look like one character', { ...good, characters: ['e\u0301'] }],
    ['a ZWJ sequence', { ...good, characters: ['👩‍👧'] }],
    ['an empty character', { ...good, characters: [''] }],
    ['no characters', { ...good, characters: [] }],
    ['characters that are numbers', { ...good, characters: [97] }],
    ['duplicate special tokens', { ...good, specialTokens: [3, 3] }],
    ['a negative special token', { ...good, specialTokens: [-1] }],
    ['a fraction as special token', { ...good, specialTokens: [1.5] }],
    ['a special token beyond 32 bits', { ...good, specialTokens: [2 ** 31] }],
    ['an unknown unit', { ...good, unit: 'word' }],
    ['characters of a byte alphabet', { ...good, unit: 'byte' }],
    ['an unknown field', { ...good, size: 5 }],
    ['too many entries', { ...good, specialTokens: Array.from({ length: 65_536 }, (_, i) => i) }],
    ['too many symbols in all', { ...good, specialTokens: Array.from({ length: 65_532 }, (_, i) => i) }],
  ])('refuses %s', (_, value) => expect(alphabetSchema.safeParse(value).success).toBe(false))

  it('takes exactly 65,535 symbols', () => {
    const full = { ...good, specialTokens: Array.from({ length: 65_531 }, (_, i) => i) }
    expect(alphabetSchema.safeParse(full).success).toBe(true)
  })

  it('keeps NFC and NFD apart', () => {
    const both = { ...good, characters: ['é', 'e', '\u0301'] }
    expect(alphabetSchema.parse(both)).toEqual(both)
  })
})

describe('alphabetSchema, of pieces', () => {
  const good = { unit: 'piece', pieces: ['2074', 'e28094', '6865'], specialTokens: [], tokenSymbols: [3] }
  it('takes a well-formed alphabet, with token symbols and without', () => {
    expect(alphabetSchema.parse(good)).toEqual(good)
    const spelled = { unit: 'piece', pieces: ['2074'], specialTokens: [3] }
    expect(alphabetSchema.parse(spelled)).toEqual(spelled)
  })

  it.each([
    ['a piece twice', { ...good, pieces: ['2074', '6865', '2074'] }],
    ['a piece twice in other letters', { ...good, pieces: ['6a6b', '6A6B'] }],
    ['no piece', { ...good, pieces: [] }],
    ['an empty piece', { ...good, pieces: [''] }],
    ['a single byte, which is there already', { ...good, pieces: ['20'] }],
    ['half a byte', { ...good, pieces: ['20746'] }],
    ['what are no digits', { ...good, pieces: ['20 t'] }],
    ['digits before a line break', { ...good, pieces: ['2074\n'] }],
    ['a piece of 65 bytes', { ...good, pieces: ['20'.repeat(65)] }],
    ['numbers', { ...good, pieces: [2074] }],
    ['one text', { ...good, pieces: '2074' }],
    ['too many pieces', { ...good, pieces: Array.from({ length: 65_536 }, (_, i) => hex(i)) }],
    ['too many symbols in all', { ...good, pieces: Array.from({ length: 65_278 }, (_, i) => hex(i)) }],
    ['characters beside them', { ...good, characters: ['a'] }],
  ])('refuses %s', (_, value) => expect(alphabetSchema.safeParse(value).success).toBe(false))

  it('takes exactly 65,535 symbols', () => {
    const full = { ...good, pieces: Array.from({ length: 65_277 }, (_, i) => hex(i)) }
    expect(alphabetSchema.safeParse(full).success).toBe(true)
  })

  function hex(value: number): string {
    return value.toString(16).padStart(6, '0')
  }
})

describe('the characters that are needed most', () => {
  it('count tokens, not repetitions; ties go by code point', () => {
    // t and e: 2 tokens each; =: 1 (though 3 times); h: 1. '=' is U+003D, before 'h'.
    expect(alphabetFromVocabulary(vocabulary, 3)).toMatchObject({ characters: ['=', 'e', 't'] })
    expect(alphabetFromVocabulary(vocabulary, 2)).toMatchObject({ characters: ['e', 't'] })
  })

  it('weigh tokens by how often they occur', () => {
    expect(alphabetFromCorpus([9, 1, 1, 5, 9], vocabulary, 2)).toMatchObject({ characters: ['=', 'e'] })
  })

  it('leave out what does not occur', () => {
    expect(alphabetFromCorpus([9, 0, 0, 5, 9], vocabulary, 100)).toMatchObject({ characters: ['='] })
  })

  it('come from whole characters only', () => {
    // A part of the euro sign, and the whole of it.
    const euros = [bytes(0xe2, 0x82), bytes(0xe2, 0x82, 0xac)]
    expect(alphabetFromVocabulary(euros, 5)).toMatchObject({ characters: ['€'] })
  })

  it('include a byte order mark at a token’s start', () => {
    expect(alphabetFromVocabulary([ordinary('\ufeffa')], 5)).toMatchObject({ characters: ['a', '\ufeff'] })
  })

  it('need a limit, and a text', () => {
    for (const limit of [0, -1, 1.5, NaN, 65_536])
      expect(() => alphabetFromVocabulary(vocabulary, limit)).toThrow(/limit of/)
    expect(() => alphabetFromCorpus([1, 0, 0, 0, 1], vocabulary, 9)).toThrow(/no whole character/)
  })
})

describe('customAlphabet', () => {
  it('takes each code point of a text once: combining marks and joiners are characters', () => {
    expect(customAlphabet('नमस्ते', [])).toMatchObject({ characters: ['त', 'न', 'म', 'स', 'े', '्'] })
    expect(customAlphabet('👩‍👧👩', [])).toMatchObject({ characters: ['\u200d', '👧', '👩'] })
  })

  it('refuses half a surrogate pair and an empty text', () => {
    expect(() => customAlphabet('a\ud83d', [])).toThrow(/U\+D83D is half a surrogate pair/)
    expect(() => customAlphabet('', [])).toThrow(/no character given/)
  })
})

describe('parseAlphabet', () => {
  it('knows the alphabets by name', () => {
    expect(parseAlphabet('ascii', vocabulary)).toEqual(asciiAlphabet(vocabulary))
    expect(parseAlphabet('latin1', vocabulary)).toEqual(latin1Alphabet(vocabulary))
    expect(parseAlphabet('bytes', vocabulary)).toEqual(byteAlphabet(vocabulary))
    expect(parseAlphabet('characters:auto', vocabulary)).toEqual(customAlphabet('auto', vocabulary))
  })

  it('chooses from the corpus where there is one', () => {
    expect(parseAlphabet('auto:2', vocabulary)).toEqual(alphabetFromVocabulary(vocabulary, 2))
    expect(parseAlphabet('auto:2', vocabulary, [0, 0, 0, 1, 0])).toMatchObject({ characters: ['='] })
    expect(parseAlphabet('auto', vocabulary)).toMatchObject({ characters: ['=', 'e', 'h', 't'] })
  })

  it.each(['', 'ASCII', 'auto:', 'auto:-1', 'auto:1e3', 'utf8'])('refuses %j', (description) =>
    expect(() => parseAlphabet(description, vocabulary)).toThrow(
      expect.objectContaining({ code: 'setting-invalid' }),
    ),
  )

  it('refuses more symbols than fit', () => {
    const many = Array.from({ length: 65_300 }, (_, i) => special(`<${i}>`))
    expect(() => byteAlphabet(many)).toThrow(/65557 symbols/)
  })
})
