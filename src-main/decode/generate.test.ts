import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initialTail } from '../distill/distill.ts'
import { readTensor } from '../formats/safetensors.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import { openBaseModel, openModelTokenizer, type BaseModel } from '../models/base-model.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { withPrecision } from '../models/precision.ts'
import { createTrunkSession, type OutputHead, type TrunkSession } from '../models/trunk-session.ts'
import { collect } from '../runs/testing/collect.ts'
import { alphabetSize, endSymbol, parseAlphabet, type Alphabet } from '../spelling/alphabet.ts'
import { buildSpeller } from '../spelling/speller.ts'
import {
  baseChooser,
  createBaseHead,
  freeChooser,
  trieChooser,
  type BaseHead,
  type Chooser,
} from './chooser.ts'
import { generate, newKvContext, prepareContext, type KvContext, type GenerateOptions } from './generate.ts'
import { hashBaseModel, openSpellm, saveSpellm, type BaseReference } from '../spellm/spellm.ts'
import type { Sampling } from './sampling.ts'
import { createSpellmSessions } from '../spellm/spellm-sessions.ts'
import {
  createTailSession,
  scoresOf,
  tailBits,
  tailOf,
  tailShape,
  type TailSession,
  type TailWeights,
} from '../spellm/tail-session.ts'
import { openTextGenerator, type GenerationMode, type TextGenerator } from './text-generator.ts'

const adapterWidths = [16]
const prompts = ['Once upon a time, a shy hedgehog', 'It was winter, and', '"Where is my']

let scratch = ''
let base: BaseModel
let tokenizer: Tokenizer
let trunk: TrunkSession
let head: BaseHead
/** An untrained tail: its choices are as good as random, so that every corner of the trie is visited. */
let tail: TailSession
let weights: TailWeights
let generator: TextGenerator

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-generate-'))
  base = await openBaseModel(modelFolder(sampleModelName))
  tokenizer = await openModelTokenizer(base)
  head = await createBaseHead(base)
  const { hiddenSize, vocabularySize } = base.architecture
  // Of tokens with the same six characters the last one wins, which is not what it would be without counts.
  const counts = Uint32Array.from({ length: vocabularySize }, (_, token) => token)
  const speller = buildSpeller(tokenizer.entries, parseAlphabet('ascii', tokenizer.entries), 6, counts)
  const shape = tailShape(hiddenSize, adapterWidths, speller)
  // Larger weights make surer choices.
  weights = new Map([...initialTail(shape, 3)].map(([name, data]) => [name, data.map((value) => 3 * value)]))
  const parts = { base, precision: 'stored', speller, adapterWidths, weights } as const
  ;({ trunk, tail } = await createSpellmSessions(parts, {}))
  const reference = { path: sampleModelName, sha256: await hashBaseModel(base) }
  await saveSpellm(scratch, reference, {
    speller,
    adapterWidths,
    weights,
    gates: [],
    precision: 'stored',
    hiddenSize,
  })
  generator = await openTextGenerator(scratch)
})
afterAll(async () => {
  for (const session of [trunk, head, tail, generator]) await session.release()
  await rm(scratch, { recursive: true, force: true })
})

const encode = (text: string) => [base.architecture.beginToken!, ...tokenizer.encode(text)]

function continued(
  chooser: Chooser,
  prompt: readonly number[],
  {
    from = trunk,
    kvContext = newKvContext(from),
    ...options
  }: Partial<GenerateOptions> & {
    readonly from?: TrunkSession
    readonly kvContext?: KvContext
  } = {},
): Promise<number[]> {
  const { contextLength } = base.architecture
  return collect(
    generate(from, chooser, kvContext, prompt, {
      maxTokens: 24,
      stopTokens: [],
      contextLength,
      ...options,
    }),
  )
}

/** The hidden states that a model sees while it writes the base model's own text. */
async function hiddenStates(text: string): Promise<Float32Array[]> {
  const seen: Float32Array[] = []
  const chooser = baseChooser(head, null)
  await continued(
    {
      outputHead: 'none',
      choose: (state) => {
        seen.push(state.hidden)
        return chooser.choose(state, [])
      },
    },
    encode(text),
  )
  return seen
}

/** The spelling of a token as text symbols and END, straight from its bytes; null if it has none. */
function symbolsOf(token: number, alphabet: Alphabet, k: number): number[] | null {
  if (alphabet.unit !== 'character') throw new TypeError('expected characters')
  const { special, bytes } = tokenizer.entries[token]!
  const end = endSymbol(alphabet)
  const symbols = special
    ? [end + 1 + alphabet.specialTokens.indexOf(token)]
    : Array.from(new TextDecoder().decode(bytes), (character) => alphabet.characters.indexOf(character))
  return symbols.includes(-1) || symbols.length === 0 ? null : [...symbols, end].slice(0, k)
}

describe.each(prompts)('after %j', (text) => {
  it('trie chooses what is best of the whole vocabulary, at every step', async () => {
    const { speller } = tail
    const { alphabet, k } = speller
    const spellings = tokenizer.entries.map((_, token) => symbolsOf(token, alphabet, k))
    const chooser = trieChooser(tail, null)
    const chosen = new Set<number>()
    for (const hidden of await hiddenStates(text)) {
      const [token = -1] = await chooser.choose({ hidden }, [])
      chosen.add(token)
      const logProbabilities = await tail.logProbabilities(hidden)
      const scores = spellings.map((symbols) =>
        symbols === null
          ? -Infinity
          : symbols.reduce((sum, s, i) => sum + logProbabilities[i * alphabetSize(alphabet) + s]!, 0),
      )
      expect(scores[token]).toBe(scores.reduce((a, b) => Math.max(a, b)))
    }
    expect(chosen.size).toBeGreaterThan(5)
  })

  it('free chooses what the likeliest characters spell, or what that begins with, at every step', async () => {
    const { alphabet, k } = tail.speller
    const end = endSymbol(alphabet)
    const size = alphabetSize(alphabet)
    if (alphabet.unit !== 'character') throw new TypeError('expected characters')
    const chooser = freeChooser(tail, (spelled) => tokenizer.encode(spelled), null)
    let spelledSomething = 0
    for (const hidden of await hiddenStates(text)) {
      const [token = -1] = await chooser.choose({ hidden }, [])
      expect(tokenizer.entries[token]).toBeDefined()
      const logProbabilities = Array.from(await tail.logProbabilities(hidden))
      const best = Array.from({ length: k }, (_, i) => {
        const row = logProbabilities.slice(i * size, (i + 1) * size)
        return row.indexOf(Math.max(...row))
      })
      const length = best.findIndex((symbol) => symbol >= end)
      const spelled = best
        .slice(0, length < 0 ? k : length)
        .map((symbol) => alphabet.characters[symbol]!)
        .join('')
      if (spelled === '') continue
      spelledSomething++
      const content = tokenizer.decode([token])
      const isBeginning = spelled.startsWith(content) || content.startsWith(spelled)
      expect(isBeginning, `${JSON.stringify(spelled)} → ${JSON.stringify(content)}`).toBe(true)
    }
    expect(spelledSomething).toBeGreaterThan(12)
  })

  it('base chooses the largest of the logits that one pass over the whole text gives', async () => {
    const { hiddenSize, vocabularySize } = base.architecture
    const prompt = encode(text)
    const tokens = await continued(baseChooser(head, null), prompt)
    const hidden = await trunk.forward(Int32Array.from([...prompt, ...tokens]), trunk.createCache())
    const embedding = await readTensor(base.checkpoint.tensors.get(base.architecture.embedding.weight.name)!)
    for (const [i, token] of tokens.entries()) {
      const state = hidden.subarray((prompt.length - 1 + i) * hiddenSize, (prompt.length + i) * hiddenSize)
      const logits = Array.from({ length: vocabularySize }, (_, row) => {
        let sum = 0
        for (let j = 0; j < hiddenSize; j++) sum += state[j]! * embedding[row * hiddenSize + j]!
        return sum
      })
      // Rounding may swap two that are as good as equal.
      expect(logits[token]).toBeGreaterThan(logits.reduce((a, b) => Math.max(a, b)) - 1e-3)
    }
  })
})

describe('tails and LM head in the pass of the trunk', () => {
  it('say what they say by themselves, of the last token, to those who ask', async () => {
    const shape = tailShape(base.architecture.hiddenSize, adapterWidths, tail.speller)
    const exactTail = await createTailSession(shape, weights, tail.speller)
    const samplingWeights = initialTail(shape, 8)
    const exactSamplingTail = await createTailSession(shape, samplingWeights, tail.speller)
    const tails = { tail: tailOf(shape, weights), samplingTail: tailOf(shape, samplingWeights) }
    const joined = await createTrunkSession(base, { tails, hasHead: true })
    const largestError = (actual: Float32Array, expected: Float32Array) =>
      actual.reduce((worst, value, i) => Math.max(worst, Math.abs(value - expected[i]!)), 0)
    const cache = joined.createCache()
    for (const ids of [encode(prompts[0]!), encode(prompts[1]!).slice(1), [9]]) {
      const known = cache.length
      const read = (outputHead: OutputHead) => {
        cache.truncate(known)
        return joined.forwardLastPosition(Int32Array.from(ids), cache, outputHead)
      }
      const { hidden, ...rest } = await read('none')
      expect([hidden.length, rest]).toEqual([base.architecture.hiddenSize, {}])
      const { logProbabilities } = await read('tail')
      expect(largestError(logProbabilities!, await exactTail.logProbabilities(hidden))).toBeLessThan(1e-4)
      const { logProbabilities: forSampling } = await read('samplingTail')
      expect(largestError(forSampling!, await exactSamplingTail.logProbabilities(hidden))).toBeLessThan(1e-4)
      const { baseLogits } = await read('logits')
      expect(largestError(baseLogits!, await head.logits(hidden))).toBeLessThan(1e-4)
      expect((await read('choice')).baseChoice).toBe(await head.greedy(hidden))
    }
    await joined.release()
    await exactTail.release()
    await exactSamplingTail.release()
  })
})

describe('the tail of a SpeLLM', () => {
  it.each(['stored', 'int8'] as const)(
    'beside weights in %s is computed in the pass of the trunk, as it is by itself',
    async (precision) => {
      const sha256 = await hashBaseModel(base)
      const own = await withPrecision(base, precision, sha256, { folder: scratch })
      const { speller } = tail
      const parts = { base: own, precision, speller, adapterWidths, weights }
      const sessions = await createSpellmSessions(parts, {})
      const { outputHead } = sessions.tail
      const ids = Int32Array.from(encode(prompts[0]!))
      const state = await sessions.trunk.forwardLastPosition(ids, sessions.trunk.createCache(), outputHead)
      expect(state.logProbabilities).toBeDefined()
      const apart = await sessions.tail.logProbabilities(state.hidden)
      // Integers round activations, so the last digit of a hidden state can move a score.
      const scores = await scoresOf(sessions.tail, state)
      expect(
        scores.reduce((worst, score, i) => Math.max(worst, Math.abs(score - apart[i]!)), 0),
      ).toBeLessThan(0.1)
      await sessions.trunk.release()
      await sessions.tail.release()
    },
  )
})

describe('a conversation of two turns', () => {
  /** Counts the tokens that the trunk reads. */
  function counting() {
    let read = 0
    const counted: TrunkSession = {
      ...trunk,
      forwardLastPosition: (tokens, ...rest) => {
        read += tokens.length
        return trunk.forwardLastPosition(tokens, ...rest)
      },
    }
    return { trunk: counted, read: () => read }
  }

  it.each<[GenerationMode, () => Chooser]>([
    ['trie', () => trieChooser(tail, null)],
    ['free', () => freeChooser(tail, (text) => tokenizer.encode(text), null)],
    ['base', () => baseChooser(head, null)],
  ])("continues in mode '%s' as one whole text does, and reads only what is new", async (_, chooser) => {
    const { trunk: from, read } = counting()
    const kvContext = newKvContext(from)
    const prompt = encode(prompts[0]!)
    const reply = await continued(chooser(), prompt, { from, kvContext })
    expect(read()).toBe(prompt.length + reply.length - 1)

    const before = read()
    const more = tokenizer.encode(' But then the rain came.')
    const whole = [...prompt, ...reply, ...more]
    const second = await continued(chooser(), whole, { from, kvContext })
    // The reply's last token has not been read so far.
    expect(read() - before).toBe(1 + more.length + second.length - 1)
    expect(second).toEqual(await continued(chooser(), whole))
  })

  it('forgets what the new prompt does not begin with', async () => {
    const { trunk: from, read } = counting()
    const kvContext = newKvContext(from)
    const chooser = trieChooser(tail, null)
    const prompt = encode(prompts[0]!)
    await continued(chooser, prompt, { from, kvContext })
    const before = read()
    const other = [...prompt.slice(0, 5), ...encode(prompts[1]!)]
    const reply = await continued(chooser, other, { from, kvContext })
    expect(reply).toEqual(await continued(chooser, other))
    expect(read() - before).toBe(other.length - 5 + reply.length - 1)
  })

  it('as text is the same as the whole text', async () => {
    const options = { mode: 'base', sampling: null, maxTokens: 12, stop: [] } as const
    const text = async (prompt: string, kvContext: KvContext) =>
      (await collect(generator.write(prompt, kvContext, options))).map((piece) => piece.text).join('')
    const kvContext = generator.createKvContext()
    const first = prompts[0]! + (await text(prompts[0]!, kvContext))
    const prompt = `${first} But then`
    expect(await text(prompt, kvContext)).toBe(await text(prompt, generator.createKvContext()))
  })
})

describe('generation', () => {
  it('ends before an end token, and after the most tokens that it may write', async () => {
    const prompt = encode(prompts[1]!)
    const tokens = await continued(baseChooser(head, null), prompt)
    const stop = tokens[9]!
    const ended = await continued(baseChooser(head, null), prompt, { stopTokens: [9999, stop] })
    expect(ended).toEqual(tokens.slice(0, tokens.indexOf(stop)))
    for (const maxTokens of [0, 1, 10])
      expect(await continued(baseChooser(head, null), prompt, { maxTokens })).toEqual(
        tokens.slice(0, maxTokens),
      )
  })

  it.each([
    ['an empty prompt', 0],
    ['a prompt longer than the context', 385],
  ])('refuses %s', async (_, length) => {
    const prompt = new Array<number>(length).fill(5)
    await expect(continued(baseChooser(head, null), prompt)).rejects.toThrow(RangeError)
  })
})

describe('a saved SpeLLM', () => {
  const write = async (mode: GenerationMode, seed: number | null) => {
    const pieces = await collect(
      generator.write(prompts[2]!, generator.createKvContext(), {
        mode,
        candidates: 0,
        sampling: seed === null ? null : { temperature: 1.5, seed },
        maxTokens: 24,
        stop: [],
      }),
    )
    const tokens = pieces.flatMap(({ token }) => (token === null ? [] : [token]))
    return { tokens, text: pieces.map((piece) => piece.text).join('') }
  }

  it('has the spellings and weights that it had before', async () => {
    const opened = await openSpellm(scratch)
    expect(opened.speller).toEqual(tail.speller)
    expect(opened.adapterWidths).toEqual(adapterWidths)
    expect(opened.weights).toEqual(weights)
  })

  it('can only be saved in a folder', async () => {
    const { base: reference } = JSON.parse(await readFile(join(scratch, 'spellm.json'), 'utf8')) as {
      base: BaseReference
    }
    const { hiddenSize } = base.architecture
    const folder = join(scratch, 'spellm.json', 'below')
    await expect(
      saveSpellm(folder, reference, {
        speller: tail.speller,
        adapterWidths,
        weights,
        gates: [],
        precision: 'stored',
        hiddenSize,
      }),
    ).rejects.toMatchObject({ code: 'file-not-found', message: expect.stringContaining(folder) as string })
  })

  it('writes what it wrote before it was saved', async () => {
    const { endTokens: stopTokens } = base.architecture
    const { tokens } = await write('trie', null)
    expect(tokens).toEqual(await continued(trieChooser(tail, null), encode(prompts[2]!), { stopTokens }))
  })

  it('draws from its second tail where it has one, and is greedy with the first', async () => {
    const folder = join(scratch, 'second')
    const { base: reference } = JSON.parse(await readFile(join(scratch, 'spellm.json'), 'utf8')) as {
      base: BaseReference
    }
    const { hiddenSize } = base.architecture
    const { speller } = tail
    const shape = tailShape(hiddenSize, adapterWidths, speller)
    const samplingWeights = initialTail(shape, 8)
    const parts = { speller, adapterWidths, weights, gates: [], precision: 'stored', hiddenSize } as const
    await saveSpellm(folder, reference, { ...parts, samplingWeights })
    expect((await openSpellm(folder)).samplingWeights).toEqual(samplingWeights)
    const both = await openTextGenerator(folder)
    const second = await createTailSession(shape, samplingWeights, speller, tailBits('stored', 'cpu'))
    const sampling = { temperature: 1, seed: 5 }
    const prompt = encode(prompts[0]!)
    const { endTokens: stopTokens } = base.architecture
    const written = async (own: Sampling | null) => {
      const options = { mode: 'trie', candidates: 0, sampling: own, maxTokens: 24, stop: [] } as const
      const pieces = await collect(both.write(prompts[0]!, both.createKvContext(), options))
      return pieces.flatMap(({ token }) => (token === null ? [] : [token]))
    }
    expect(await written(sampling)).toEqual(
      await continued(trieChooser(second, sampling), prompt, { stopTokens }),
    )
    expect(await written(null)).toEqual(await continued(trieChooser(tail, null), prompt, { stopTokens }))
    await second.release()
    await both.release()
  })

  it.each<GenerationMode>(['trie', 'free', 'base'])(
    "draws the same text in mode '%s' with the same seed, and another with another",
    async (mode) => {
      const first = await write(mode, 1)
      expect(first.tokens.length).toBeGreaterThan(0)
      expect(await write(mode, 1)).toEqual(first)
      expect((await write(mode, 2)).tokens).not.toEqual(first.tokens)
    },
  )

  it('writes piece by piece what its tokens are together, also where they are no characters', async () => {
    const kvContext = generator.createKvContext()
    // So hot that every token is as likely as any other, those of a single byte too.
    const sampling = { temperature: 100, seed: 4 }
    const options = { mode: 'base', sampling, maxTokens: 300, stop: [] } as const
    const pieces = await collect(generator.write('Once', kvContext, options))
    const bytes = pieces.flatMap(({ token }) => (token === null ? [] : [...tokenizer.entries[token]!.bytes]))
    expect(bytes.filter((byte) => byte >= 0x80).length).toBeGreaterThan(3)
    expect(pieces.map(({ text }) => text).join('')).toBe(Buffer.from(bytes).toString('utf8'))
  })
})

it.each(['stored', 'int8', 'int4'] as const)(
  'a prompt that is given again has the same state, bit for bit, in %s',
  async (precision) => {
    const model =
      precision === 'stored' ? base : await withPrecision(base, precision, 'test', { folder: scratch })
    const own = await createTrunkSession(model)
    const kvContext = newKvContext(own)
    const ids = tokenizer.encode(
      'Once upon a time, a shy hedgehog lived under the old oak tree by the river.',
    )
    const stateOf = async (tokens: readonly number[]) =>
      (await (await prepareContext(own, kvContext, tokens, 'none'))()).hidden
    const first = await stateOf(ids)
    expect(await stateOf(ids)).toEqual(first)
    // Also after it was continued.
    for (let more = 1; more < 4; more++) await stateOf([...ids, ...ids.slice(0, more)])
    expect(await stateOf(ids)).toEqual(first)
    await own.release()
  },
)
