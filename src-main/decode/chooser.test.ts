import { describe, expect, it } from 'vitest'
import { openTokenizer } from '../tokenizer/index.ts'
import { modelFolder } from '../models/model-folder.ts'
import { alphabetSize, byteAlphabet, customAlphabet, endSymbol, parseAlphabet } from '../spelling/alphabet.ts'
import { buildSpeller, type Speller } from '../spelling/speller.ts'
import { ordinary, special } from '../spelling/testing/vocabulary.ts'
import { baseChooser, freeChooser, trieChooser, type BaseHead, type Chooser } from './chooser.ts'
import type { Sampling } from './sampling.ts'
import { shortlistChooser } from './shortlist.ts'
import type { TailSession } from '../spellm/tail-session.ts'
import { chiSquare, chiSquareBound } from './testing/chi-square.ts'

const hidden = new Float32Array(1)

/** A tail that says the same whatever the hidden state is. */
function tailThatSays(speller: Speller, logProbabilities: Float32Array): TailSession {
  return {
    speller,
    outputHead: 'none',
    logProbabilities: () => Promise.resolve(logProbabilities),
    release: () => Promise.resolve(),
  }
}

async function draw(chooser: Chooser, count: number): Promise<number[]> {
  const tokens: number[] = []
  // Each at its own place of a text, where it has its own luck.
  while (tokens.length < count) tokens.push(...(await chooser.choose({ hidden }, tokens)))
  return tokens
}

const countsOf = (tokens: readonly number[], size: number) => {
  const counts = new Array<number>(size).fill(0)
  for (const token of tokens) counts[token]!++
  return counts
}

describe('a base model', () => {
  const shares = [1, 8, 3, 0.5, 2]
  const head: BaseHead = {
    logits: () => Promise.resolve(Float32Array.from(shares, (share) => Math.log(share) - 20)),
    greedy: () => Promise.resolve(1),
    greedyRows: () => Promise.resolve(Int32Array.of(1)),
    release: () => Promise.resolve(),
  }

  it('is drawn from as its logits say', async () => {
    const drawn = await draw(baseChooser(head, { temperature: 1, seed: 8 }), 10_000)
    expect(chiSquare(countsOf(drawn, shares.length), shares)).toBeLessThan(chiSquareBound(shares))
  })

  it('is greedy without sampling', async () => {
    expect(await draw(baseChooser(head, null), 20)).toEqual(new Array(20).fill(1))
  })
})

describe('tokens and words of two letters', () => {
  const vocabulary = ['a', 'b', 'c'].map(ordinary)
  const words = [
    [0, 1],
    [0, 2],
  ]
  const speller = buildSpeller(vocabulary, customAlphabet('abc', vocabulary), 2, undefined, words)
  const end = endSymbol(speller.alphabet)
  const size = alphabetSize(speller.alphabet)
  const head = (shares: readonly number[], ending: number) => {
    const row = new Array<number>(size).fill(-40)
    shares.forEach((share, i) => (row[i] = Math.log(share)))
    row[end] = Math.log(ending)
    return row
  }
  const tail = tailThatSays(
    speller,
    Float32Array.from([...head([0.6, 0.3, 0.1], 1e-9), ...head([1e-9, 0.5, 0.2], 0.3)]),
  )
  const sampling: Sampling = { temperature: 1, seed: 9 }
  /** a, b, c, ab, ac */
  const units = [[0], [1], [2], ...words]
  const drawUnits = async (chooser: Chooser, context: readonly number[] = []) => {
    const counts = units.map(() => 0)
    const text = [...context]
    for (let i = 0; i < 10_000; i++) {
      const said = await chooser.choose({ hidden }, text)
      // Each at its own place of a text, after what the penalty knows already.
      text.push(0)
      counts[units.findIndex((unit) => unit.join() === said.join())]!++
    }
    return counts
  }

  it('are drawn in trie mode by the products of their letters’ shares', async () => {
    const expected = [0.6 * 0.3, 0.3 * 0.3, 0.1 * 0.3, 0.6 * 0.5, 0.6 * 0.2]
    const counts = await drawUnits(trieChooser(tail, sampling))
    expect(chiSquare(counts, expected)).toBeLessThan(chiSquareBound(expected))
    // A word is punished for its first token.
    const punished = expected.map((share, i) => (units[i]![0] === 0 ? share ** 2 : share))
    const again = await drawUnits(trieChooser(tail, { ...sampling, repetitionPenalty: 2 }), [0])
    expect(chiSquare(again, punished)).toBeLessThan(chiSquareBound(punished))
  })

  it('end before a token that is banned', async () => {
    const chosen = (banned: readonly number[]) =>
      trieChooser(tail, {
        temperature: 0,
        seed: 0,
        logitBias: banned.map((token) => [token, -100] as const),
      }).choose({ hidden }, [])
    expect(await chosen([])).toEqual([0, 1])
    expect(await chosen([1])).toEqual([0])
    expect(await chosen([0])).toEqual([1])
    await expect(chosen([0, 1, 2])).rejects.toThrow('No token is left')
  })

  it('are drawn in shortlist mode by their first tokens, each as the best unit that begins with it', async () => {
    const shares = [0.2, 0.5, 0.3]
    const rows = {
      logits: (_: Float32Array, tokens: readonly number[]) =>
        Float32Array.from(tokens, (token) => Math.log(shares[token]!)),
    }
    const counts = await drawUnits(shortlistChooser(tail, rows, 5, sampling))
    const expected = [0, 0.5, 0.3, 0.2, 0]
    expect(chiSquare(counts, expected)).toBeLessThan(chiSquareBound(expected))
  })
})

/** All pairs of nine letters, after a special token: 81 spellings whose probabilities all differ. */
describe('two heads over nine letters', () => {
  const letters = Array.from('abcdefghi')
  const pairs = letters.flatMap((first) => letters.map((second) => first + second))
  const vocabulary = [special('<end>'), ...pairs.map(ordinary)]
  const speller = buildSpeller(vocabulary, customAlphabet('abcdefghi', vocabulary), 2)
  const size = alphabetSize(speller.alphabet)
  const firstShares = letters.map((_, i) => 1.21 ** i)
  const secondShares = letters.map((_, i) => 1.34 ** ((i * 4) % 9))
  const row = (shares: readonly number[]) => {
    const total = shares.reduce((a, b) => a + b, 0)
    return [...shares.map((share) => Math.log(share / total)), ...new Array<number>(size - 9).fill(-40)]
  }
  const tail = tailThatSays(speller, Float32Array.from([...row(firstShares), ...row(secondShares)]))
  /** [V]: the product of the shares of a token's letters. */
  const tokenShares = vocabulary.map(({ content, special: isSpecial }) =>
    isSpecial ? 0 : firstShares[letters.indexOf(content[0]!)]! * secondShares[letters.indexOf(content[1]!)]!,
  )
  const bestOnly = (count: number) => {
    const least = [...tokenShares].sort((a, b) => b - a)[count - 1]!
    return tokenShares.map((share) => (share >= least ? share : 0))
  }
  const none = () => []

  it.each<[string, Sampling, number[]]>([
    ['the softmax of the 64 best totals', { temperature: 1, seed: 1 }, bestOnly(64)],
    [
      'their square roots at temperature 2',
      { temperature: 2, seed: 2 },
      bestOnly(64).map((share) => Math.sqrt(share)),
    ],
    ['the best five with top-k 5', { temperature: 1, topK: 5, seed: 3 }, bestOnly(5)],
  ])('in trie mode are drawn from %s', async (_, sampling, expected) => {
    const drawn = await draw(trieChooser(tail, sampling), 20_000)
    expect(chiSquare(countsOf(drawn, vocabulary.length), expected)).toBeLessThan(chiSquareBound(expected))
  })

  it('in free mode are drawn letter by letter', async () => {
    const drawn = await draw(freeChooser(tail, none, { temperature: 1, seed: 4 }), 20_000)
    expect(chiSquare(countsOf(drawn, vocabulary.length), tokenShares)).toBeLessThan(
      chiSquareBound(tokenShares),
    )
  })

  it('are never those that are banned, and any that a bias raises', async () => {
    const order = [...tokenShares.keys()].sort((a, b) => tokenShares[b]! - tokenShares[a]!)
    const banned = order.slice(0, 70)
    const logitBias = banned.map((token) => [token, -100] as const)
    const greedy: Sampling = { temperature: 0, seed: 0, logitBias }
    expect(await draw(trieChooser(tail, greedy), 3)).toEqual(new Array(3).fill(order[70]))
    const raised: Sampling = { temperature: 0, seed: 0, logitBias: [[order[75]!, 40]] }
    expect(await draw(trieChooser(tail, raised), 3)).toEqual(new Array(3).fill(order[75]))
    for (const choose of [trieChooser, (own: TailSession, s: Sampling) => freeChooser(own, none, s)]) {
      const drawn = await draw(choose(tail, { ...greedy, temperature: 1 }), 300)
      expect(drawn.filter((token) => banned.includes(token))).toEqual([])
    }
  })

  it('without sampling are the most likely pair', async () => {
    const best = tokenShares.indexOf(Math.max(...tokenShares))
    expect(await draw(trieChooser(tail, null), 5)).toEqual(new Array(5).fill(best))
    expect(await draw(freeChooser(tail, none, null), 5)).toEqual(new Array(5).fill(best))
  })

  it.each([
    ['trie', (sampling: Sampling) => trieChooser(tail, sampling)],
    ['free', (sampling: Sampling) => freeChooser(tail, none, sampling)],
  ])('in %s mode draw the same with the same seed', async (_, choose) => {
    const drawn = (seed: number) => draw(choose({ temperature: 1, seed }), 30)
    expect(await drawn(7)).toEqual(await drawn(7))
    expect(await drawn(7)).not.toEqual(await drawn(8))
  })
})

describe("free mode over the sample model's vocabulary", async () => {
  const tokenizer = await openTokenizer(modelFolder('sample'))
  const tokenize = (text: string) => tokenizer.encode(text)
  const { entries } = tokenizer
  const k = 12
  const ascii = buildSpeller(entries, parseAlphabet('ascii', entries), k)
  const bytes = buildSpeller(entries, byteAlphabet(entries), k)

  /** The token chosen where each head is sure of one symbol; END after the last. */
  async function choose(speller: Speller, symbols: readonly number[]): Promise<number> {
    const size = alphabetSize(speller.alphabet)
    const end = endSymbol(speller.alphabet)
    const logProbabilities = new Float32Array(k * size).fill(-30)
    for (let head = 0; head < k; head++) logProbabilities[head * size + (symbols[head] ?? end)] = 0
    const chooser = freeChooser(tailThatSays(speller, logProbabilities), tokenize, null)
    return (await chooser.choose({ hidden }, []))[0]!
  }
  const asciiSymbols = (text: string) => {
    const { alphabet } = ascii
    if (alphabet.unit !== 'character') throw new TypeError('expected characters')
    return Array.from(text, (character) => alphabet.characters.indexOf(character))
  }

  const spellable = entries.filter(({ special, content }, id) => !special && ascii.whole[id] && content)
  const textOf = new TextDecoder()
  const texts = spellable.map((entry) => textOf.decode(entry.bytes))
  const idOf = new Map(texts.map((text, i) => [text, entries.indexOf(spellable[i]!)]))
  /** How a text begins → the tokens that begin so, also those that are too long to be spelled whole. */
  const beginnings = new Map<string, Set<string>>()
  for (const [id, entry] of entries.entries()) {
    if (entry.special || !ascii.lengths[id]) continue
    const text = textOf.decode(entry.bytes)
    for (let length = 1; length <= Math.min(k, text.length); length++) {
      const beginning = text.slice(0, length)
      beginnings.set(beginning, (beginnings.get(beginning) ?? new Set()).add(text.slice(0, k)))
    }
  }

  it('chooses every token whose spelling the heads give', async () => {
    expect(texts.length).toBeGreaterThan(3_000)
    for (const [text, id] of idOf) expect(await choose(ascii, asciiSymbols(text)), text).toBe(id)
  })

  it('completes every beginning that only one token has', async () => {
    let completed = 0
    for (const [beginning, tokens] of beginnings) {
      const [only] = tokens
      if (tokens.size > 1 || only === undefined || idOf.has(beginning) || !idOf.has(only)) continue
      expect(await choose(ascii, asciiSymbols(beginning)), beginning).toBe(idOf.get(only))
      completed++
    }
    expect(completed).toBeGreaterThan(1_000)
  })

  it('takes the first token of what no token or several tokens begin with', async () => {
    const open = [...beginnings].filter(([text, tokens]) => tokens.size > 1 && !idOf.has(text))
    expect(open.length).toBeGreaterThan(20)
    for (const text of ['zqxj', 'the hedgehog', ...open.map(([beginning]) => beginning)])
      expect(await choose(ascii, asciiSymbols(text)), text).toBe(tokenize(text)[0])
  })

  it('takes the special token whose symbol comes first', async () => {
    const symbol = endSymbol(ascii.alphabet) + 1
    expect(await choose(ascii, [symbol, ...asciiSymbols('once')])).toBe(ascii.alphabet.specialTokens[0])
  })

  it('falls back to the best valid token where the heads spell nothing', async () => {
    const size = alphabetSize(ascii.alphabet)
    const end = endSymbol(ascii.alphabet)
    const logProbabilities = new Float32Array(k * size).fill(-30)
    // The likeliest string is empty; the likeliest token is the letter that the first head likes second.
    for (let head = 0; head < k; head++) logProbabilities[head * size + end] = 0
    logProbabilities[asciiSymbols('q')[0]!] = -5
    const chooser = freeChooser(tailThatSays(ascii, logProbabilities), tokenize, null)
    expect(await chooser.choose({ hidden }, [])).toEqual([idOf.get('q')])
  })

  it('leaves out bytes that are no character', async () => {
    const ofText = (text: string) => [...new TextEncoder().encode(text)]
    expect(await choose(bytes, [...ofText('zqxj'), 0xc3])).toBe(tokenize('zqxj')[0])
    // No character begins with this byte, so the best valid token is left: the one of this byte alone.
    const chosen = await choose(bytes, [0x80, 0x80])
    expect([...entries[chosen]!.bytes]).toEqual([0x80])
  })
})
