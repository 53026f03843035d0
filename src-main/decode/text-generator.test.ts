import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { modelFolder } from '../models/model-folder.ts'
import { seededRandom } from '../base/random.ts'
import { collect } from '../runs/testing/collect.ts'
import type { KvContext, GenerationEnd } from './generate.ts'
import { writeRecitingModel, writeRecitingSpellm } from './testing/reciting-model.ts'
import {
  openTextGenerator,
  type GenerationMode,
  type TextGenerator,
  type TextOptions,
  type TextPiece,
} from './text-generator.ts'

const text = 'Once upon a time, two bears ate crêpes for 5€😀 near the old mill.'
const prompt = 'Once'
const continuation = text.slice(prompt.length)

let scratch = ''
let script: number[] = []
let generator: TextGenerator
/** The same model, but it can attend to eight tokens only. */
let narrow: TextGenerator
/** The same model again, whose generation_config.json names another end than config.json. */
let chatty: TextGenerator

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-text-'))
  const [base, spellm, narrowBase] = ['base', 'spellm', 'narrow'].map((name) => join(scratch, name)) as [
    string,
    string,
    string,
  ]
  script = await writeRecitingModel(base, text, { contextLength: 100 })
  await writeRecitingSpellm(spellm, base, script)
  await writeRecitingModel(narrowBase, text, { contextLength: 8 })
  generator = await openTextGenerator(spellm)
  narrow = await openTextGenerator(narrowBase)
  const chattyBase = join(scratch, 'chatty-base')
  await writeRecitingModel(chattyBase, text, { contextLength: 100 })
  await writeRecitingSpellm(join(scratch, 'chatty'), chattyBase, script)
  await writeFile(
    join(chattyBase, 'generation_config.json'),
    JSON.stringify({ eos_token_id: [9, script[6]] }),
  )
  chatty = await openTextGenerator(join(scratch, 'chatty'))
})
afterAll(async () => {
  await generator.release()
  await narrow.release()
  await chatty.release()
  await rm(scratch, { recursive: true, force: true })
})

const defaults: TextOptions = { mode: 'trie', sampling: null, maxTokens: 100, stop: [] }

interface Beginning {
  readonly from?: TextGenerator
  readonly start?: string
  readonly kvContext?: KvContext
}

async function write(
  options: Partial<TextOptions> = {},
  { from = generator, start = prompt, kvContext = from.createKvContext() }: Beginning = {},
): Promise<TextPiece[]> {
  return collect(from.write(start, kvContext, { ...defaults, ...options }))
}

const joined = (pieces: readonly TextPiece[]) => pieces.map((piece) => piece.text).join('')
const tokensOf = (pieces: readonly TextPiece[]) =>
  pieces.flatMap(({ token }) => (token === null ? [] : [token]))

describe.each<GenerationMode>(['trie', 'free', 'base'])(
  "a model that knows a text by heart, in mode '%s'",
  (mode) => {
    it('writes it to its end, piece by piece, and stops before its end token', async () => {
      const pieces = await write({ mode })
      expect(joined(pieces)).toBe(continuation)
      expect(pieces.map(({ token }) => token)).toEqual(script.slice(1, -1))
      expect(generator.tokenizer.decode(tokensOf(pieces))).toBe(continuation)
    })

    it('ends at a token of generation_config.json', async () => {
      const pieces = await write({ mode }, { from: chatty })
      expect(pieces.map(({ token }) => token)).toEqual(script.slice(1, 6))
    })

    it('gives a character whole with the last of its tokens', async () => {
      const pieces = await write({ mode })
      for (const character of ['ê', '€', '😀']) {
        const last = pieces.findIndex((piece) => piece.text.includes(character))
        const bytes = new TextEncoder().encode(character).length
        // The sample model has a token for each byte of it.
        expect(pieces.slice(last - bytes + 1, last + 1).map((piece) => piece.text)).toEqual([
          ...new Array<string>(bytes - 1).fill(''),
          character,
        ])
      }
    })

    it('writes no more than it may', async () => {
      for (const maxTokens of [1, 2, 7]) {
        const pieces = await write({ mode, maxTokens })
        expect(pieces.map(({ token }) => token)).toEqual(script.slice(1, 1 + maxTokens))
      }
    })
  },
)

describe('a stop text ends generation where it would begin:', () => {
  it.each([
    ['within a token', ['pon']],
    ['the whole of a token', [' time']],
    ['across several tokens', ['ime, two b']],
    ['across the bytes of characters', ['5€😀 n']],
    ['the end of the text', ['mill.']],
    ['the beginning of the text', [' upon']],
    ['the first of several', ['bears', 'two', 'mill', 'crêpes for 6']],
    ['the longest of several that end together', [',', 'time,', 'a time,', 'ime,']],
  ])('%s', async (_, stop) => {
    const end = Math.min(...stop.map((one) => continuation.indexOf(one)).filter((index) => index >= 0))
    const pieces = await write({ stop })
    expect(joined(pieces)).toBe(continuation.slice(0, end))
    expect(pieces.every(({ token }) => token !== null)).toBe(true)
  })

  it('any part of the text', async () => {
    const random = seededRandom(5)
    const characters = Array.from(continuation)
    for (let i = 0; i < 60; i++) {
      const start = random.below(characters.length)
      const stop = characters.slice(start, start + 1 + random.below(12)).join('')
      expect(joined(await write({ stop: [stop] })), stop).toBe(
        continuation.slice(0, continuation.indexOf(stop)),
      )
    }
  })

  it('a stop text of nothing stops nothing', async () => {
    expect(joined(await write({ stop: [''] }))).toBe(continuation)
  })

  it('as soon as it is complete', async () => {
    const stop = 'two b'
    const tokens = tokensOf(await write({ stop: [stop] }))
    expect(generator.tokenizer.decode(tokens)).toContain(stop)
    expect(generator.tokenizer.decode(tokens.slice(0, -1))).not.toContain(stop)
  })
})

describe('a stop text that only begins to match', () => {
  it('is written after all, in the same tokens', async () => {
    const random = seededRandom(6)
    const characters = Array.from(continuation)
    const pieces = await write()
    for (let i = 0; i < 40; i++) {
      const start = random.below(characters.length)
      const stop = `${characters.slice(start, start + 1 + random.below(12)).join('')}\u0007`
      const withStop = await write({ stop: [stop] })
      expect(joined(withStop), stop).toBe(continuation)
      expect(tokensOf(withStop)).toEqual(tokensOf(pieces))
    }
  })

  it('is held back until it is known not to be one', async () => {
    const stop = ' time, three'
    let shown = ''
    for (const piece of await write({ stop: [stop] })) {
      shown += piece.text
      for (let length = 1; length < stop.length; length++)
        expect(shown.endsWith(stop.slice(0, length)), shown).toBe(false)
    }
    expect(shown).toBe(continuation)
  })

  it('comes last, as a piece without a token, where the text ends meanwhile', async () => {
    const pieces = await write({ stop: ['mill.\n'] })
    expect(joined(pieces)).toBe(continuation)
    expect(tokensOf(pieces)).toEqual(script.slice(1, -1))
    expect(pieces.at(-1)).toEqual({ token: null, text: 'mill.' })
  })
})

it('a character that the last possible token cuts becomes a replacement character', async () => {
  const tokensBefore = generator.tokenizer.encode(text.slice(0, text.indexOf('€'))).length
  const pieces = await write({ maxTokens: tokensBefore - 1 + 2 })
  expect(pieces.at(-1)).toEqual({ token: null, text: '\ufffd' })
  expect(joined(pieces)).toBe(`${continuation.slice(0, continuation.indexOf('€'))}\ufffd`)
})

describe('the context', () => {
  it('ends generation: the last token is one that was never read', async () => {
    const pieces = await write({ mode: 'base' }, { from: narrow })
    expect(tokensOf(pieces)).toEqual(script.slice(1, 9))
  })

  it('takes a prompt that fills it, and no longer one', async () => {
    const start = narrow.tokenizer.decode(script.slice(0, 8))
    expect(tokensOf(await write({ mode: 'base' }, { from: narrow, start }))).toEqual([script[8]])
    const longer = narrow.tokenizer.decode(script.slice(0, 9))
    await expect(write({ mode: 'base' }, { from: narrow, start: longer })).rejects.toMatchObject({
      code: 'setting-invalid',
      message: expect.stringContaining('9 tokens; the model takes 1 to 8') as string,
    })
  })

  it('needs a token to begin with', async () => {
    await expect(write({}, { start: '' })).rejects.toMatchObject({ code: 'setting-invalid' })
  })
})

describe('generation says why it ended:', () => {
  it.each<[GenerationEnd, string, Partial<TextOptions>]>([
    ['stop', 'before the end token', {}],
    ['stop', 'before a stop text', { stop: ['two b'] }],
    ['length', 'after the most tokens', { maxTokens: 3 }],
    ['cancelled', 'because the signal fired', { signal: AbortSignal.abort() }],
  ])('%s, %s', async (reason, _, options) => {
    expect(await endOf(generator, options)).toBe(reason)
  })

  it('context, where that is full', async () => {
    expect(await endOf(narrow, { mode: 'base' })).toBe('context')
  })

  async function endOf(from: TextGenerator, options: Partial<TextOptions>): Promise<GenerationEnd> {
    const pieces = from.write(prompt, from.createKvContext(), { ...defaults, ...options })
    for (;;) {
      const next = await pieces.next()
      if (next.done) return next.value
    }
  }
})

describe('a signal', () => {
  it('ends generation, and the conversation can continue from there', async () => {
    const controller = new AbortController()
    const kvContext = generator.createKvContext()
    const pieces: TextPiece[] = []
    const options = { ...defaults, signal: controller.signal }
    for await (const piece of generator.write(prompt, kvContext, options)) {
      pieces.push(piece)
      if (pieces.length === 3) controller.abort()
    }
    expect(tokensOf(pieces)).toEqual(script.slice(1, 4))
    const start = prompt + joined(pieces)
    expect(start + joined(await write({}, { start, kvContext }))).toBe(text)
  })

  it('that has fired before lets nothing be written', async () => {
    expect(await write({ signal: AbortSignal.abort() })).toEqual([])
  })
})

describe('what a folder holds decides what it can do:', () => {
  it('a SpeLLM has its own modes first', () => {
    expect(generator.modes).toEqual(['trie', 'lossless', 'gated', 'free', 'base'])
  })

  it('a base model has no other mode than its own', async () => {
    expect(narrow.modes).toEqual(['base'])
    await expect(write({ mode: 'trie' }, { from: narrow })).rejects.toMatchObject({
      code: 'setting-invalid',
      message: expect.stringContaining("no mode 'trie'") as string,
    })
  })

  it("a run that isn't finished has nothing to write with", async () => {
    const run = join(scratch, 'unfinished')
    await mkdir(run)
    await writeFile(join(run, 'run.json'), '{}')
    await expect(openTextGenerator(run)).rejects.toMatchObject({
      code: 'file-not-found',
      remedy: expect.stringContaining('let it finish') as string,
    })
  })
})

describe('the tokens of a prompt', () => {
  it('begin as the tokenizer says, whatever config.json has for a begin token', async () => {
    const folder = join(scratch, 'begins')
    await writeRecitingModel(folder, text, { contextLength: 100 })
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as object
    await writeFile(join(folder, 'config.json'), JSON.stringify({ ...config, bos_token_id: 0 }))
    const plain = await openTextGenerator(folder)
    // What transformers' AutoTokenizer makes of both tokenizers.
    expect(plain.promptTokens('Once upon')).toEqual([989, 1313])
    await plain.release()
    await cp(join(modelFolder('sample'), 'tokenizer.json'), join(folder, 'tokenizer.json'))
    const framed = await openTextGenerator(folder)
    expect(framed.promptTokens('Once upon')).toEqual([0, 989, 1313])
    expect(framed.promptTokens([5])).toEqual([5])
    await framed.release()
  })
})
