import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeRecitingModel, writeRecitingSpellm } from '../decode/testing/reciting-model.ts'
import { openTextGenerator, type TextGenerator } from '../decode/text-generator.ts'
import { CancelledError } from '../base/errors.ts'
import { openModelTokenizer, openBaseModel } from '../models/base-model.ts'
import { measureRollOuts } from './roll-outs.ts'

const text = 'Once upon a time, two bears lived near the old mill.'
let scratch = ''
let script: number[] = []
let generator: TextGenerator
let generatorOfTwo: TextGenerator
let forgotten = 0

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-roll-outs-'))
  const base = join(scratch, 'base')
  script = await writeRecitingModel(base, text, { contextLength: 100 })
  const [misspelled] = (await openModelTokenizer(await openBaseModel(base))).encode(' bears')
  forgotten = script.indexOf(misspelled!)
  await writeRecitingSpellm(join(scratch, 'spellm'), base, script, { misspelled: misspelled! })
  generator = await openTextGenerator(join(scratch, 'spellm'))
  generatorOfTwo = await openTextGenerator(join(scratch, 'spellm'), { texts: 2 })
})
afterAll(async () => {
  await generator.release()
  await generatorOfTwo.release()
  await rm(scratch, { recursive: true, force: true })
})

it.each([1, 2])('tells how long a mode writes what the base model writes, %i at a time', async (texts) => {
  const writer = texts === 1 ? generator : generatorOfTwo
  // From the second beginning on there is no word that it has forgotten.
  const prompts = ['Once', ' near', ' old']
  const { divergence, examples } = await measureRollOuts(writer, prompts, { modes: ['trie'], tokens: 64 })
  const beginnings = ['Once', ' near', ' old'].map((prompt) =>
    script.indexOf(generator.tokenizer.encode(prompt)[0]!),
  )
  const rest = (start: number) => script.length - 1 - (start + 1)
  const same = [forgotten - 1, rest(beginnings[1]!), rest(beginnings[2]!)]
  expect(divergence).toEqual([
    {
      mode: 'trie',
      texts: 3,
      identical: 2,
      meanTokens: same.reduce((a, b) => a + b, 0) / 3,
      medianTokens: same.toSorted((a, b) => a - b)[1],
      sameShare: expect.toSatisfy((share: number) => share > 0 && share < 1) as number,
      tokens: expect.any(Number) as number,
      steps: expect.any(Number) as number,
      headPasses: 0,
      headRows: 0,
      trunkPasses: expect.any(Number) as number,
    },
  ])
  expect(examples.map(({ prompt }) => prompt)).toEqual(prompts)
  expect(examples[0]!.base).toBe(text.slice('Once'.length))
  expect(examples[0]!.texts[0]!.same).toBe(forgotten - 1)
})

it.each([1, 2])('counts passes of one text over the base head, of %i at a time', async (texts) => {
  const writer = texts === 1 ? generator : generatorOfTwo
  const { divergence } = await measureRollOuts(writer, Array<string>(texts).fill('Once'), {
    modes: ['base', 'trie'],
    tokens: 5,
  })
  expect(divergence.map(({ tokens, headPasses, headRows }) => [tokens, headPasses, headRows])).toEqual([
    [5 * texts, 5 * texts, 5 * texts],
    [5 * texts, 0, 0],
  ])
})

it('counts the token that ends a text as a step, since it takes a pass', async () => {
  // Nothing is forgotten after ' old', so the text goes to its end.
  const { divergence } = await measureRollOuts(generator, [' old'], { modes: ['trie'], tokens: 64 })
  const { tokens, steps, trunkPasses, sameShare } = divergence[0]!
  expect(steps).toBe(tokens + 1)
  expect(trunkPasses).toBe(steps)
  expect(sameShare).toBe(1)
})

it('can be stopped', async () => {
  const signal = AbortSignal.abort()
  for (const writer of [generator, generatorOfTwo])
    await expect(
      measureRollOuts(writer, ['Once', ' near', ' old'], { modes: ['trie'], tokens: 5, signal }),
    ).rejects.toThrow(CancelledError)
})
