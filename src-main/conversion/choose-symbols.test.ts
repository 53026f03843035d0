import { describe, expect, it } from 'vitest'
import type { VocabularyEntry } from '../tokenizer/vocabulary-entry.ts'
import { affordableSymbols, symbolSpeller, worthwhileSymbols } from './choose-symbols.ts'

describe('tokens that are worth being symbols', () => {
  it('are those that are wanted more often than 2.6 times in V tokens, in steps of 256', () => {
    const vocabularySize = 100_000
    const usage = Float64Array.from({ length: vocabularySize }, (_, token) =>
      token < 5_000 ? 100 : token < 6_000 ? 18 : 0.5,
    )
    const total = usage.reduce((sum, own) => sum + own, 0)
    expect(usage[5_999]! / total).toBeGreaterThan(2.7 / vocabularySize)
    expect(usage[6_000]! / total).toBeLessThan(2.5 / vocabularySize)
    expect(worthwhileSymbols(usage, vocabularySize)).toBe(6_144)
  })

  it('are the usual four thousand where fewer are worthwhile, or nothing is known', () => {
    const one = new Float64Array(50_000)
    one[7] = 1
    expect(worthwhileSymbols(one, 50_000)).toBe(4_096)
    expect(worthwhileSymbols(new Float64Array(50_000).fill(1), 50_000)).toBe(4_096)
  })

  it('decide with a large vocabulary, the budget of bytes with a smaller one', () => {
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
    // Zipf's law: 1 / (r · (ln V + γ)) is more than 2.6 / V up to rank V / (2.6 · (ln V + γ)).
    const large = 262_144
    expect(Math.abs(countOf(large) - large / (2.63 * (Math.log(large) + 0.5772)))).toBeLessThan(256)
    const tail = { adapterWidths: [640], symbols: 130 }
    const affordable = affordableSymbols(32_000, tail)
    expect(affordable).toBeLessThan(4_096)
    expect(Math.abs(countOf(32_000) - affordable)).toBeLessThanOrEqual(256)
  })
})
