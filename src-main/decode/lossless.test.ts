import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initialTail } from '../distill/distill.ts'
import { openBaseModel, openModelTokenizer, type BaseModel } from '../models/base-model.ts'
import { openHeadRows, type HeadRows } from '../models/head-rows.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { createTrunkSession, type TrunkSession } from '../models/trunk-session.ts'
import { seededRandom } from '../base/random.ts'
import { createKeyValueCaches } from '../runtime/key-value-cache.ts'
import { alphabetSize, customAlphabet, endSymbol, parseAlphabet } from '../spelling/alphabet.ts'
import { buildSpeller, spellingOf, type Speller } from '../spelling/speller.ts'
import { ordinary } from '../spelling/testing/vocabulary.ts'
import { baseChooser, createBaseHead, type BaseHead } from './chooser.ts'
import { generate, newKvContext, type GenerateOptions } from './generate.ts'
import { generateLossless, type LosslessParts } from './lossless.ts'
import { createLogitsProcessor } from './logits-processor.ts'
import { createPicker } from './picker.ts'
import { probabilitiesOf, type Sampling } from './sampling.ts'
import { spellingDrafter } from './spelling-drafter.ts'
import { createTailSession, tailBits, tailShape, type TailSession } from '../spellm/tail-session.ts'
import { chiSquare, chiSquareBound } from './testing/chi-square.ts'

async function collect(tokens: AsyncGenerator<number, unknown>): Promise<{ tokens: number[]; end: unknown }> {
  const collected: number[] = []
  let next = await tokens.next()
  for (; next.done !== true; next = await tokens.next()) collected.push(next.value)
  return { tokens: collected, end: next.value }
}

/** Log-probabilities of a tail that is rather sure of a token. */
function scoresOf(speller: Speller, token: number, sureness: number): Float32Array {
  const size = alphabetSize(speller.alphabet)
  const scores = new Float32Array(speller.k * size).fill(Math.log((1 - sureness) / (size - 1)))
  const spelling = spellingOf(speller, token)
  for (let head = 0; head < speller.k; head++)
    scores[head * size + (spelling[head] ?? endSymbol(speller.alphabet))] = Math.log(sureness)
  return scores
}

describe("greedy, the sample model's text", () => {
  let base: BaseModel
  let trunk: TrunkSession
  let head: BaseHead
  let rows: HeadRows
  let speller: Speller
  let encode: (text: string) => number[]

  beforeAll(async () => {
    base = await openBaseModel(modelFolder(sampleModelName))
    const tokenizer = await openModelTokenizer(base)
    encode = (text) => [base.architecture.beginToken!, ...tokenizer.encode(text)]
    trunk = await createTrunkSession(base)
    head = await createBaseHead(base)
    rows = openHeadRows(base)
    speller = buildSpeller(tokenizer.entries, parseAlphabet('ascii', tokenizer.entries), 12)
  })
  afterAll(async () => {
    rows.close()
    await trunk.release()
    await head.release()
  })

  /** A tail that knows what the base model picks, and errs now and then; then it is half as sure. */
  const erringTail = (errors: number): TailSession => {
    const random = seededRandom(5)
    return {
      speller,
      outputHead: 'none',
      logProbabilities: async (hidden) => {
        const isWrong = random.chance(errors)
        const token = isWrong ? random.below(speller.vocabularySize) : await head.greedy(hidden)
        return scoresOf(speller, token, isWrong ? 0.4 : 0.9)
      },
      release: () => Promise.resolve(),
    }
  }
  const partsOf = (tail: TailSession, threshold: number): LosslessParts => ({
    trunk,
    drafter: spellingDrafter({ tail, rows, threshold }),
    head: { choices: (hidden) => head.greedyRows(hidden), logits: (hidden) => head.logits(hidden) },
  })
  const options = (limits: Partial<GenerateOptions>) => ({
    maxTokens: 100,
    stopTokens: [] as number[],
    contextLength: base.architecture.contextLength,
    ...limits,
  })
  const both = async (
    prompt: number[],
    errors: number,
    threshold: number,
    limits: Partial<GenerateOptions>,
  ) => {
    const parts = partsOf(erringTail(errors), threshold)
    const chooser = baseChooser(head, null)
    const expected = await collect(generate(trunk, chooser, newKvContext(trunk), prompt, options(limits)))
    const kvContext = newKvContext(trunk)
    const actual = await collect(generateLossless(parts, kvContext, prompt, options(limits)))
    return { expected, actual, kvContext }
  }

  it.each([
    ['a tail that is always wrong', 1, 0],
    ['a tail that errs at every fifth token', 0.2, 0],
    ['the same, whose draft ends where it is unsure', 0.2, 20],
    ['a tail that is never wrong', 0, 0],
    ['drafts of one token', 0.2, Infinity],
  ])('is the base model’s own with %s', async (_, errors, threshold) => {
    for (const text of ['Once upon a time', 'It was winter, and', '"Where is my']) {
      const { expected, actual } = await both(encode(text), errors, threshold, {})
      expect(actual).toEqual(expected)
    }
  })

  it('is the base model’s own over 2,000 tokens with a tail that has learnt nothing', async () => {
    const shape = tailShape(base.architecture.hiddenSize, [16], speller)
    const tail = await createTailSession(shape, initialTail(shape, 4), speller, tailBits('stored', 'cpu'))
    let tokens = 0
    for (const text of ['The old bear', 'One day, a cat', 'It rained', '"Help!"', 'In the forest', 'Snow']) {
      const prompt = encode(text)
      // One text that the model ends, the others to the end of the context.
      const stopTokens = text === 'Snow' ? base.architecture.endTokens : []
      const limits = options({ maxTokens: 1_000, stopTokens })
      const chooser = baseChooser(head, null)
      const expected = await collect(generate(trunk, chooser, newKvContext(trunk), prompt, limits))
      const parts = partsOf(tail, 1)
      const actual = await collect(generateLossless(parts, newKvContext(trunk), prompt, limits))
      expect(actual).toEqual(expected)
      expect(actual.end).toBe(text === 'Snow' ? 'stop' : 'context')
      tokens += actual.tokens.length
    }
    await tail.release()
    expect(tokens).toBeGreaterThan(2_000)
  }, 120_000)

  it('ends where the base model ends: before a stop token, at the end of the context, after the most tokens', async () => {
    const prompt = encode('Once upon a time')
    const { expected: whole } = await both(prompt, 0.2, 0, { maxTokens: 40 })
    for (const limits of [
      { stopTokens: [whole.tokens[17]!] },
      { contextLength: prompt.length + 13 },
      { maxTokens: 1 },
      { maxTokens: 9 },
      { maxTokens: 0 },
    ]) {
      const { expected, actual } = await both(prompt, 0.2, 0, { maxTokens: 40, ...limits })
      expect(actual).toEqual(expected)
    }
  })

  it('is the base model’s own where a cache that is to forget some tokens forgets all', async () => {
    let forgotten = 0
    const forgetful: TrunkSession = {
      ...trunk,
      createCache: () => {
        const cache = trunk.createCache()
        return {
          get length() {
            return cache.length
          },
          makeRoom: (tokens) => cache.makeRoom(tokens),
          feeds: () => cache.feeds(),
          append: (...rows) => cache.append(...rows),
          truncate: (length) => {
            if (length < cache.length) forgotten++
            cache.truncate(length < cache.length ? 0 : length)
          },
          shrink: () => cache.shrink(),
          release: () => cache.release(),
        }
      },
    }
    const prompt = encode('It was winter, and')
    const chooser = baseChooser(head, null)
    const expected = await collect(generate(trunk, chooser, newKvContext(trunk), prompt, options({})))
    const parts = { ...partsOf(erringTail(0.3), 0), trunk: forgetful }
    const actual = await collect(generateLossless(parts, newKvContext(forgetful), prompt, options({})))
    expect(actual).toEqual(expected)
    expect(forgotten).toBeGreaterThan(5)
  })

  it('leaves a conversation that continues as the base model’s does', async () => {
    const first = await both(encode('It was winter, and'), 0.3, 0, { maxTokens: 30 })
    const longer = [...encode('It was winter, and'), ...first.actual.tokens, ...encode(' "Stop!"').slice(1)]
    const parts = partsOf(erringTail(0.3), 0)
    const again = await collect(generateLossless(parts, first.kvContext, longer, options({})))
    const chooser = baseChooser(head, null)
    const fresh = await collect(generate(trunk, chooser, newKvContext(trunk), longer, options({})))
    expect(again).toEqual(fresh)
  })
})

describe('sampled', () => {
  const letters = Array.from('abcdefgh')
  const vocabulary = letters.map(ordinary)
  const speller = buildSpeller(vocabulary, customAlphabet(letters.join(''), vocabulary), 1)
  const logits = Float32Array.from(letters, (_, i) => Math.sin(3 * i) * 2)
  const trunk: TrunkSession = {
    pieceTokens: 1,
    createCache: () =>
      createKeyValueCaches({ windows: [null], heads: 1, headSize: 1, type: 'float32' }, 1)[0]!,
    forward: (tokens, cache) => {
      cache.append(new Float32Array(2 * tokens.length), tokens.length)
      return Promise.resolve(new Float32Array(tokens.length))
    },
    forwardLastPosition: (tokens, cache) => {
      cache.append(new Float32Array(2 * tokens.length), tokens.length)
      return Promise.resolve({ hidden: new Float32Array(1) })
    },
    release: () => Promise.resolve(),
  }
  const head: LosslessParts['head'] = {
    logits: (hidden) =>
      Promise.resolve(Float32Array.from({ length: hidden.length * 8 }, (_, i) => logits[i % 8]!)),
    choices: () => Promise.reject(new Error('not asked for')),
  }
  /** A tail that believes in quite other letters than the base model, and that no unit ends after the first. */
  const tailOf = (speller: Speller): TailSession => {
    const rows = Array.from({ length: speller.k }, (_, position) => {
      const shares = new Array<number>(alphabetSize(speller.alphabet)).fill(1e-9)
      for (let i = 0; i < 8; i++) shares[i] = 1 + ((5 * i) % 8)
      if (position > 1) shares[endSymbol(speller.alphabet)] = 9
      const total = shares.reduce((a, b) => a + b, 0)
      return shares.map((share) => Math.log(share / total))
    })
    return {
      speller,
      outputHead: 'none',
      logProbabilities: () => Promise.resolve(Float32Array.from(rows.flat())),
      release: () => Promise.resolve(),
    }
  }
  const wrongRows: Pick<HeadRows, 'logits'> = {
    logits: (_, tokens) => Float32Array.from(tokens, (token) => Math.cos(2 * token) * 1.5),
  }
  const partsOf = (speller: Speller, sampling: Sampling): LosslessParts => {
    const picker = createPicker(sampling)
    const drafter = spellingDrafter({ tail: tailOf(speller), rows: wrongRows, threshold: 0, picker })
    return { trunk, drafter, head, picker }
  }

  it.each<[string, Sampling]>([
    ['at temperature 1', { temperature: 1, seed: 1 }],
    ['at temperature 0.6 with top-p', { temperature: 0.6, topP: 0.9, seed: 2 }],
    ['with top-k 3', { temperature: 1.5, topK: 3, seed: 3 }],
    ['with min-p', { temperature: 1, minP: 0.2, seed: 4 }],
    ['with a repetition penalty', { temperature: 1, repetitionPenalty: 1.4, seed: 5 }],
  ])(
    'tokens come with the base model’s probabilities %s, although the draft’s are others',
    async (_, sampling) => {
      const parts = partsOf(speller, sampling)
      const { tokens: drawn } = await collect(
        generateLossless(parts, newKvContext(trunk), [0], {
          maxTokens: 8_000,
          stopTokens: [],
          contextLength: 30_000,
        }),
      )
      // By then every letter that is possible has come, and the penalty meets all of them alike.
      const tokens = drawn.slice(1_000)
      const counts = letters.map((_, token) => tokens.filter((other) => other === token).length)
      const processor = createLogitsProcessor(sampling)
      processor.begin([...letters.keys()])
      const shares = [...probabilitiesOf(processor.apply(logits, null), sampling)]
      expect(chiSquare(counts, shares)).toBeLessThan(chiSquareBound(shares))
      // Neighbours are independent: how often a letter follows itself.
      const pairs = letters.map(
        (_, token) => tokens.filter((other, i) => other === token && tokens[i - 1] === token).length,
      )
      const repeated = pairs.reduce((a, b) => a + b, 0) / (tokens.length - 1)
      const expected = shares.reduce((sum, share) => sum + share ** 2, 0)
      expect(Math.abs(repeated - expected)).toBeLessThan(0.02)
    },
  )

  it.each<[string, Sampling]>([
    ['at temperature 1', { temperature: 1, seed: 6 }],
    ['at temperature 0.7 with top-k 5', { temperature: 0.7, topK: 5, seed: 7 }],
  ])('words leave the base model’s probabilities %s, of tokens and of neighbours', async (_, sampling) => {
    const words = [
      [5, 2],
      [5, 5, 0],
      [7, 1],
      [0, 3, 0, 3],
    ]
    const spelling = buildSpeller(
      vocabulary,
      customAlphabet(letters.join(''), vocabulary),
      4,
      undefined,
      words,
    )
    let wordsRead = 0
    const watched: TrunkSession = {
      ...trunk,
      forward: (...read) => {
        wordsRead++
        return trunk.forward(...read)
      },
    }
    const parts = { ...partsOf(spelling, sampling), trunk: watched }
    const { tokens } = await collect(
      generateLossless(parts, newKvContext(trunk), [0], {
        maxTokens: 16_000,
        stopTokens: [],
        contextLength: 30_000,
      }),
    )
    expect(wordsRead).toBeGreaterThan(500)
    const shares = [...probabilitiesOf(logits, sampling)]
    const pairShares = shares.flatMap((first) => shares.map((second) => first * second))
    const pairCounts = new Array<number>(64).fill(0)
    for (let i = 0; i < tokens.length; i += 2) pairCounts[8 * tokens[i]! + tokens[i + 1]!]!++
    expect(chiSquare(pairCounts, pairShares)).toBeLessThan(chiSquareBound(pairShares))
  })
})
