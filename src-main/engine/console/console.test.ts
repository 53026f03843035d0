import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConsoleMode, ConsoleSource, GenerationEvent, Sampling } from '../../contract/index.ts'
import { hashBaseModel, saveSpellm } from '../../spellm/spellm.ts'
import { createSpellmSessions } from '../../spellm/spellm-sessions.ts'
import { scoresOf, tailShape, type TailWeights } from '../../spellm/tail-session.ts'
import { costsInMemory } from '../../decode/known-costs.ts'
import { initialTail } from '../../distill/distill.ts'
import { readTensor } from '../../formats/safetensors.ts'
import type { Tokenizer } from '../../tokenizer/index.ts'
import { openBaseModel, openModelTokenizer, type BaseModel } from '../../models/base-model.ts'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'
import { createTrunkSession } from '../../models/trunk-session.ts'
import { createTurns } from '../../runtime/turns.ts'
import { alphabetSize, endSymbol, parseAlphabet } from '../../spelling/alphabet.ts'
import { buildSpeller, type Speller } from '../../spelling/speller.ts'
import { engineErrorOf, type Client } from '../testing/client.ts'
import { openEngine, type OpenEngine } from '../testing/open-engine.ts'
import { createModelConsole } from './console.ts'

const prompt = 'Once upon a time, a shy hedgehog'
const adapterWidths = [16]
const baseModel: ConsoleSource = { kind: 'model', reference: sampleModelName }
const spellm: ConsoleSource = { kind: 'run', id: 'untrained' }

let scratch = ''
let opened: OpenEngine
let client: Client
let base: BaseModel
let tokenizer: Tokenizer
let speller: Speller
let weights: TailWeights
let embedding: Float32Array

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-console-'))
  base = await openBaseModel(modelFolder(sampleModelName))
  tokenizer = await openModelTokenizer(base)
  embedding = await readTensor(base.checkpoint.tensors.get(base.architecture.embedding.weight.name)!)
  const { hiddenSize } = base.architecture
  speller = buildSpeller(tokenizer.entries, parseAlphabet('ascii', tokenizer.entries), 6)
  // An untrained tail: its choices are as good as random. Larger weights make surer ones.
  const initial = initialTail(tailShape(hiddenSize, adapterWidths, speller), 3)
  weights = new Map([...initial].map(([name, data]) => [name, data.map((value) => 3 * value)]))
  const reference = { path: sampleModelName, sha256: await hashBaseModel(base) }
  await saveSpellm(join(scratch, 'runs/untrained/spellm'), reference, {
    speller,
    adapterWidths,
    weights,
    gates: [],
    precision: 'stored',
    hiddenSize,
  })
  opened = await openEngine({ dataFolder: scratch })
  client = opened.client
})
afterAll(async () => {
  await opened.close()
  await rm(scratch, { recursive: true, force: true })
})

async function generate(
  source: ConsoleSource,
  mode: ConsoleMode,
  options: {
    prompt?: string
    maxTokens?: number
    sampling?: Sampling
    stop?: string[]
    candidates?: number
  } = {},
): Promise<GenerationEvent[]> {
  const events = []
  const request = { source, mode, prompt, maxTokens: 24, sampling: null, stop: [], ...options }
  for await (const event of await client.console.generate(request)) events.push(event)
  return events
}
const tokensOf = (events: readonly GenerationEvent[]) =>
  events.flatMap((event) => (event.type === 'token' ? [event.token] : []))
const textOf = (events: readonly GenerationEvent[]) =>
  events.map((event) => (event.type === 'prompt' ? '' : event.text)).join('')

const encode = (text: string) => [base.architecture.beginToken!, ...tokenizer.encode(text)]

/** The hidden states after each token, from one pass over all of them. */
async function hiddenStates(tokens: readonly number[]): Promise<Float32Array[]> {
  const trunk = await createTrunkSession(base)
  const all = await trunk.forward(Int32Array.from(tokens), trunk.createCache())
  await trunk.release()
  const d = base.architecture.hiddenSize
  return tokens.map((_, i) => all.slice(i * d, (i + 1) * d))
}
/** The base model's scores of all tokens, in double precision. */
function logitsOf(hidden: Float32Array): number[] {
  const d = hidden.length
  return Array.from({ length: base.architecture.vocabularySize }, (_, row) =>
    hidden.reduce((sum, value, i) => sum + value * embedding[row * d + i]!, 0),
  )
}
/** What each head says after the last token. */
async function symbolLogProbabilities(tokens: readonly number[]): Promise<number[][]> {
  const parts = { base, precision: 'stored', speller, adapterWidths, weights } as const
  const { trunk, tail } = await createSpellmSessions(parts, {})
  const last = await trunk.forwardLastPosition(Int32Array.from(tokens), trunk.createCache(), tail.outputHead)
  const scores = Array.from(await scoresOf(tail, last))
  await trunk.release()
  await tail.release()
  const size = alphabetSize(speller.alphabet)
  return Array.from({ length: speller.k }, (_, head) => scores.slice(head * size, (head + 1) * size))
}
/** A token's spelling as symbols and END, straight from its bytes; null if it has none. */
function symbolsOf(token: number): number[] | null {
  const { alphabet, k } = speller
  if (alphabet.unit !== 'character') throw new TypeError('expected characters')
  const { special, bytes } = tokenizer.entries[token]!
  const end = endSymbol(alphabet)
  const symbols = special
    ? [end + 1 + alphabet.specialTokens.indexOf(token)]
    : Array.from(new TextDecoder().decode(bytes), (character) => alphabet.characters.indexOf(character))
  return symbols.includes(-1) || symbols.length === 0 ? null : [...symbols, end].slice(0, k)
}
const indicesBy = (scores: readonly number[]) =>
  [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b)

describe('the console', () => {
  it("streams the base model's greedy continuation, token by token", async () => {
    const events = await generate(baseModel, 'base')
    expect(events[0]).toEqual({ type: 'prompt', tokens: encode(prompt) })
    const tokens = tokensOf(events)
    expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'length', tokens: 24 })
    expect(textOf(events)).toBe(tokenizer.decode(tokens))
    const context = [...encode(prompt), ...tokens]
    const states = await hiddenStates(context)
    for (const [i, token] of tokens.entries()) {
      const logits = logitsOf(states[context.length - tokens.length - 1 + i]!)
      // Rounding may swap two that are as good as equal.
      expect(logits[token]).toBeGreaterThan(Math.max(...logits) - 1e-3)
    }
  })

  it('says why it ended', async () => {
    const [, , , ...rest] = tokensOf(await generate(baseModel, 'base'))
    const stop = tokenizer.decode(rest.slice(0, 2))
    const stopped = await generate(baseModel, 'base', { stop: [stop] })
    expect(stopped.at(-1)).toMatchObject({ type: 'end', reason: 'stop' })
    expect(textOf(stopped)).not.toContain(stop)
    const { contextLength } = base.architecture
    let long = prompt
    while (encode(long).length < contextLength - 2) long += ' so'
    const full = await generate(baseModel, 'base', { prompt: long, sampling: { temperature: 1, seed: 1 } })
    expect(full.at(-1)).toMatchObject({ type: 'end', reason: 'context' })
    expect(encode(long).length + tokensOf(full).length).toBe(contextLength + 1)
  })

  it('measures each step, and a rate from them', async () => {
    const events = await generate(spellm, 'trie')
    const times = events.flatMap((event) => (event.type === 'token' ? [event.milliseconds] : []))
    const end = events.at(-1)!
    if (end.type !== 'end') throw new Error('no end')
    expect(Math.min(...times)).toBeGreaterThan(0)
    expect(end.promptMilliseconds).toBe(times[0])
    const seconds = times.slice(1).reduce((sum, time) => sum + time, 0) / 1000
    expect(end.tokensPerSecond).toBeCloseTo((times.length - 1) / seconds, 6)
  })

  it.each<[ConsoleMode, Sampling]>([
    ['base', { temperature: 1.2, topK: 50, seed: 4 }],
    ['trie', { temperature: 1.2, seed: 4 }],
    ['free', { temperature: 1.2, topP: 0.9, seed: 4 }],
  ])('in mode %s draws the same with the same seed, also beside other streams', async (mode, sampling) => {
    const alone = tokensOf(await generate(spellm, mode, { sampling }))
    const together = await Promise.all([
      generate(spellm, mode, { sampling }),
      generate(spellm, mode, { sampling }),
      generate(spellm, 'base', { prompt: 'It was winter, and' }),
    ])
    expect(tokensOf(together[0])).toEqual(alone)
    expect(tokensOf(together[1])).toEqual(alone)
    expect(tokensOf(await generate(spellm, mode, { sampling: { ...sampling!, seed: 5 } }))).not.toEqual(alone)
  })

  it('continues a text as if it were new', async () => {
    const first = prompt + textOf(await generate(spellm, 'trie', { maxTokens: 6 }))
    const goneOn = await generate(spellm, 'trie', { prompt: `${first} and` })
    await generate(spellm, 'trie', { prompt: 'Another' })
    expect(tokensOf(await generate(spellm, 'trie', { prompt: `${first} and` }))).toEqual(tokensOf(goneOn))
  })

  it.each<[string, ConsoleSource, ConsoleMode, string, string]>([
    ['a run without a SpeLLM', { kind: 'run', id: 'nobody' }, 'trie', prompt, 'file-not-found'],
    ['a mode that a base model lacks', baseModel, 'trie', prompt, 'setting-invalid'],
    ['a prompt that the context cannot hold', baseModel, 'base', 'so '.repeat(400), 'setting-invalid'],
  ])('refuses %s', async (_, source, mode, text, code) => {
    expect((await engineErrorOf(generate(source, mode, { prompt: text }))).code).toBe(code)
  })

  it('ends when nobody listens any more', async () => {
    const modelConsole = createModelConsole(createTurns(), {
      folderOf: (id) => join(scratch, 'runs', id),
      device: () => Promise.resolve('cpu'),
      knownCosts: costsInMemory,
    })
    const listening = new AbortController()
    const request = {
      source: baseModel,
      mode: 'base',
      prompt,
      maxTokens: 300,
      sampling: null,
      stop: [],
    } as const
    const types = []
    for await (const { type } of modelConsole.generate(request, listening.signal)) {
      types.push(type)
      if (types.length === 4) listening.abort()
    }
    expect(types).toEqual(['prompt', 'token', 'token', 'token'])
    await modelConsole.releaseIdle()
  })
})

describe("a token's detail", () => {
  it.each([prompt, 'It was', 'Where is my'])('after %j is what the weights say', async (text) => {
    const context = encode(text)
    const detail = await client.console.inspectToken({ source: spellm, context })
    const hidden = (await hiddenStates(context)).at(-1)!

    const logits = logitsOf(hidden)
    const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0))
    const best = indicesBy(logits).slice(0, 10)
    expect(detail.base.map(({ token }) => token)).toEqual(best)
    for (const { token, text, logProbability, probability } of detail.base) {
      expect(logProbability).toBeCloseTo(logits[token]! - total, 3)
      expect(probability).toBeCloseTo(Math.exp(logits[token]! - total), 4)
      const { special, content } = tokenizer.entries[token]!
      expect(text).toBe(special ? content : tokenizer.decode([token]))
    }

    const heads = await symbolLogProbabilities(context)
    const scores = tokenizer.entries.map((_, token) => {
      const symbols = speller.trie.token.includes(token) ? symbolsOf(token) : null
      return symbols === null ? -Infinity : symbols.reduce((sum, s, i) => sum + heads[i]![s]!, 0)
    })
    const ranked = indicesBy(scores).slice(0, 10)
    expect(detail.trie!.map(({ token }) => token)).toEqual(ranked)
    const listed = ranked.reduce((sum, token) => sum + Math.exp(scores[token]!), 0)
    for (const { token, logProbability, probability } of detail.trie!) {
      expect(logProbability).toBeCloseTo(scores[token]!, 3)
      expect(probability).toBeCloseTo(Math.exp(scores[token]!) / listed, 4)
    }

    expect(detail.heads).toHaveLength(speller.k)
    for (const [i, head] of detail.heads!.entries()) {
      const own = heads[i]!
      expect(head.map(({ probability }) => probability)).toEqual(
        indicesBy(own)
          .slice(0, head.length)
          .map((symbol) => expect.closeTo(Math.exp(own[symbol]!), 4) as number),
      )
    }
    const spelled = detail.heads!.map(([first]) => first!.symbol)
    const end = spelled.indexOf('END')
    expect(detail.free!.spelled).toBe(spelled.slice(0, end < 0 ? undefined : end).join(''))
  })

  it('says what the next step of a generation chooses', async () => {
    for (const mode of ['base', 'trie', 'free'] as const) {
      // Of trie(n) the details show the ranking by spelling, before rows of the LM head decide.
      const events = await generate(spellm, mode, { maxTokens: 3, candidates: 0 })
      const tokens = tokensOf(events)
      for (const [i, token] of tokens.entries()) {
        const context = [...encode(prompt), ...tokens.slice(0, i)]
        const detail = await client.console.inspectToken({ source: spellm, context })
        const chosen = { base: detail.base[0]!, trie: detail.trie![0]!, free: detail.free! }[mode]
        expect(chosen.token).toBe(token)
      }
    }
  })

  it('of a base model alone has no spelling', async () => {
    const detail = await client.console.inspectToken({ source: baseModel, context: encode(prompt) })
    expect(detail).toMatchObject({ trie: null, free: null, heads: null })
    expect(detail.base).toHaveLength(10)
  })

  it.each([
    ['a token that the model lacks', [1, 4096]],
    ['a context that is too long', new Array<number>(385).fill(1)],
  ])('refuses %s', async (_, context) => {
    const call = client.console.inspectToken({ source: baseModel, context })
    expect((await engineErrorOf(call)).code).toBe('setting-invalid')
  })
})
