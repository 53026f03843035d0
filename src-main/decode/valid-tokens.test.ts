import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collect } from '../runs/testing/collect.ts'
import type { Sampling } from './sampling.ts'
import { writeRecitingModel, writeRecitingSpellm } from './testing/reciting-model.ts'
import { openTextGenerator, type GenerationMode, type TextGenerator } from './text-generator.ts'

const text = 'Once upon a time, two bears ate crêpes.'
const continuation = text.slice('Once'.length)

/** A model whose largest logit is always that of a row that stands for no token. */
const generators: TextGenerator[] = []
let scratch = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-padded-'))
  const [base, spellm] = [join(scratch, 'base'), join(scratch, 'spellm')]
  const script = await writeRecitingModel(base, text, { contextLength: 100, paddedRows: 8 })
  await writeRecitingSpellm(spellm, base, script, { gates: [{ share: 0.1, threshold: 1 }] })
  generators.push(
    await openTextGenerator(base),
    await openTextGenerator(spellm),
    await openTextGenerator(spellm, { texts: 2 }),
  )
})
afterAll(async () => {
  for (const generator of generators) await generator.release()
  await rm(scratch, { recursive: true, force: true })
})

const write = async (generator: TextGenerator, mode: GenerationMode, sampling: Sampling | null) => {
  const options = { mode, sampling, maxTokens: 40, stop: [] }
  const texts = await generator.forEachText(['Once', 'Once'], async (prompt, kvContext) => {
    const pieces = await collect(generator.write(prompt, kvContext, options))
    return pieces.map((piece) => piece.text).join('')
  })
  return [...new Set(texts)]
}

describe('rows of the head that stand for no token', () => {
  it.each<[string, Sampling | null]>([
    ['greedily', null],
    ['with a repetition penalty', { temperature: 0, repetitionPenalty: 1.01, seed: 0 }],
    ['drawn', { temperature: 0.05, seed: 1 }],
  ])('are never written, %s', async (_, sampling) => {
    for (const [i, generator] of generators.entries()) {
      expect(generator.base.architecture.vocabularySize).toBe(4_104)
      expect(await write(generator, 'base', sampling)).toEqual([continuation])
      if (i > 0) expect(await write(generator, 'lossless', sampling)).toEqual([continuation])
    }
  })

  it('are none of the best when a choice is inspected', async () => {
    for (const generator of generators.slice(0, 2)) {
      const context = generator.promptTokens('Once')
      const { base } = await generator.inspect(context, generator.createKvContext())
      expect(base.every(({ index }) => index < 4_096)).toBe(true)
    }
  })
})
