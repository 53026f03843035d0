import { describe, expect, it } from 'vitest'
import type { VocabularyEntry } from '../spelling/vocabulary.ts'
import { affordableSymbols, symbolSpeller, worthwhileSymbols } from './choose-symbols.ts'

describe('tokens that are worth being symbols', () => {
  it('are those that are wanted more often than once in V tokens, in steps of 256', () => {
    const vocabularySize = 100_000
    // By the definition, of shares that fall from 3,000 tokens on: 4,000 are wanted twice in V tokens, the others half as often.
    const usage = Float64Array.from({ length: vocabularySize }, (_, token) =>
      token < 3_000 ? 100 : token < 4_000 ? 6.12 : 0.1,
    )
    const total = usage.reduce((sum, own) => sum + own, 0)
    expect(usage[3_999]! / total).toBeGreaterThan(1 / vocabularySize)
    expect(usage[4_000]! / total).toBeLessThan(1 / vocabularySize)
    expect(worthwhileSymbols(usage, vocabularySize)).toBe(4_096)
  })

  it('are at least a thousand, and all where nothing is known', () => {
    const one = new Float64Array(50_000)
    one[7] = 1
    expect(worthwhileSymbols(one, 50_000)).toBe(1_024)
    const even = Float64Array.from({ length: 50_000 }, (_, token) => Number(token >= 10))
    expect(worthwhileSymbols(even, 50_000)).toBeGreaterThanOrEqual(49_990)
  })

  it('decide with a large vocabulary, the budget of bytes with a smaller one', () => {
    // Zipf's law: 1 / (r · ln V) is more than 1 / V up to rank V / ln V, roughly.
    const countOf = (vocabularySize: number) => {
      const entries: VocabularyEntry[] = Array.from({ length: vocabularySize }, (_, token) => {
        const content = token.toString(36)
        return { bytes: Uint8Array.from(Buffer.from(content)), special: false, content }
      })
      const usage = Float64Array.from(entries, (_, token) => 1 / (token + 1))
      const settings = { alphabet: 'ascii', k: 8, tokenSymbols: 'auto' } as const
      const speller = symbolSpeller({ entries, vocabularySize }, usage, settings, [640])
      return speller.alphabet.tokenSymbols!.length
    }
    const large = 262_144
    const harmonic = Math.log(large) + 0.5772
    expect(Math.abs(countOf(large) - large / harmonic)).toBeLessThan(256)
    const tail = { adapterWidths: [640], symbols: 130 }
    expect(Math.abs(countOf(32_000) - affordableSymbols(32_000, tail))).toBeLessThanOrEqual(256)
  })
})
