import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { collect } from '../runs/testing/collect.ts'
import { writeRecitingModel, writeRecitingSpellm } from './testing/reciting-model.ts'
import {
  openTextGenerator,
  type GenerationMode,
  type TextGenerator,
  type TextOptions,
} from './text-generator.ts'
import { openSpellm } from '../spellm/spellm.ts'

const text = 'Once upon a time, two bears ate crêpes for 5€😀 near the old mill.'
/** Parts of the text's tokens, of two and of four. */
let words: number[][] = []
/** So that modes which need a threshold have one: never unsure. */
const gates = [{ share: 1, threshold: 0 }]
let scratch = ''
let base = ''
let script: number[] = []
let generator: TextGenerator

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-words-'))
  base = join(scratch, 'base')
  script = await writeRecitingModel(base, text, { contextLength: 40 })
  words = [script.slice(1, 3), script.slice(4, 8)]
  await writeRecitingSpellm(join(scratch, 'spellm'), base, script, { words, gates })
  generator = await openTextGenerator(join(scratch, 'spellm'))
})
afterAll(async () => {
  await generator.release()
  await rm(scratch, { recursive: true, force: true })
})

async function write(options: Partial<TextOptions>, from = generator) {
  let passes = 0
  const pieces = await collect(
    from.write('Once', from.createKvContext(), {
      mode: 'trie',
      sampling: null,
      maxTokens: 100,
      stop: [],
      onTrunkPass: () => passes++,
      ...options,
    }),
  )
  const tokens = pieces.flatMap(({ token }) => (token === null ? [] : [token]))
  return { tokens, passes }
}

const modes: readonly GenerationMode[] = ['lossless', 'gated', 'trie', 'free']

it.each(modes)("a word's tokens are read in one pass, in mode '%s'", async (mode) => {
  const byToken = await write({ mode: 'base' })
  expect(byToken.tokens).toEqual(script.slice(1, -1))
  const { tokens, passes } = await write({ mode })
  expect(tokens).toEqual(byToken.tokens)
  expect(passes).toBe(byToken.passes - (2 - 1) - (4 - 1))
})

it.each(modes)("a text ends within a word where it may be no longer, in mode '%s'", async (mode) => {
  for (const maxTokens of [1, 2, 4, 5, 6, 7, 8]) {
    const { tokens } = await write({ mode, maxTokens })
    expect(tokens).toEqual(script.slice(1, 1 + maxTokens))
  }
})

it.each(modes)("the context may end within a word, in mode '%s'", async (mode) => {
  const narrowBase = join(scratch, `narrow-${mode}`)
  await writeRecitingModel(narrowBase, text, { contextLength: 6 })
  await writeRecitingSpellm(join(narrowBase, 'spellm'), narrowBase, script, { words, gates })
  const narrow = await openTextGenerator(join(narrowBase, 'spellm'))
  // As the base model does: six tokens are read, and the one after them is said.
  const expected = await write({ mode: 'base' }, narrow)
  expect(expected.tokens).toHaveLength(6)
  expect((await write({ mode }, narrow)).tokens).toEqual(expected.tokens)
  await narrow.release()
})

it('lossless writes the base model’s text although the heads say other words', async () => {
  const mistaken = join(scratch, 'mistaken')
  // The heads learn a script in which the words come in another order.
  const shuffled = [script[0]!, ...script.slice(4, 8), ...script.slice(1, 4), ...script.slice(8)]
  await writeRecitingSpellm(mistaken, base, shuffled, { words, gates })
  const opened = await openTextGenerator(mistaken)
  expect((await write({ mode: 'trie' }, opened)).tokens).not.toEqual(script.slice(1, -1))
  expect((await write({ mode: 'lossless' }, opened)).tokens).toEqual(script.slice(1, -1))
  await opened.release()
})

it.each(modes)("words are sampled, in mode '%s'", async (mode) => {
  // The base model knows its text by heart: cold enough, it says nothing else.
  const sampling = { temperature: 0.05, seed: 1 }
  const byToken = await write({ mode: 'base', sampling })
  expect(byToken.tokens).toEqual(script.slice(1, -1))
  const { tokens, passes } = await write({ mode, sampling })
  expect(tokens).toEqual(byToken.tokens)
  expect(passes).toBe(byToken.passes - (2 - 1) - (4 - 1))
})

it('tells the tokens of words that it could have said', async () => {
  const { spellm } = await generator.inspect([script[0]!], generator.createKvContext())
  expect(spellm!.trie[0]!.index).toBe(4096)
  expect(spellm!.free.unit).toBe(4096)
})

it('a word of tokens that the tokenizer lacks is refused', async () => {
  const folder = join(scratch, 'spellm')
  const file = join(folder, 'spellm.json')
  const whole = await readFile(file, 'utf8')
  const config = JSON.parse(whole) as { words: number[][] }
  expect(config.words).toEqual(words)
  await writeFile(file, JSON.stringify({ ...config, words: [[1, 4096]] }))
  await expect(openSpellm(folder)).rejects.toMatchObject({
    code: 'file-invalid',
    message: expect.stringContaining("'words' has token 4096") as string,
  })
  // A folder of an older version has no words.
  await writeFile(file, JSON.stringify({ ...config, words: undefined }))
  expect((await openSpellm(folder)).speller.words).toEqual([])
  await writeFile(file, whole)
})
