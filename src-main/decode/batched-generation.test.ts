import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { initialTail } from '../distill/distill.ts'
import { openBaseModel, openModelTokenizer } from '../models/base-model.ts'
import type { BatchTrunk } from '../models/batch-trunk.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { collect } from '../runs/testing/collect.ts'
import { createKeyValueCaches } from '../runtime/key-value-cache.ts'
import { parseAlphabet } from '../spelling/alphabet.ts'
import { buildSpeller } from '../spelling/speller.ts'
import type { BaseHead } from './chooser.ts'
import type { KvContext } from './generate.ts'
import { shareTrunk } from './batched-generation.ts'
import { hashBaseModel, saveSpellm } from '../spellm/spellm.ts'
import { tailShape, type TailSession } from '../spellm/tail-session.ts'
import { openTextGenerator, type GenerationMode, type TextGenerator } from './text-generator.ts'

const adapterWidths = [16]
/** Of lengths that differ, more than fit into one round, and a last round that is not full. */
const prompts = [
  'Once upon a time, a shy hedgehog',
  'It',
  '"Where is my red hat?" asked the old bear. It had looked under the bed and behind the door, and',
  'One day',
  'The frog',
]
const modes = [
  ['base', 0],
  ['trie', 0],
  ['trie', 8],
  ['gated', 0],
  ['lossless', 0],
] as const

let scratch = ''
let alone: TextGenerator
let together: TextGenerator

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-batched-'))
  const base = await openBaseModel(modelFolder(sampleModelName))
  const { entries } = await openModelTokenizer(base)
  const speller = buildSpeller(entries, parseAlphabet('ascii', entries), 6)
  const { hiddenSize } = base.architecture
  const shape = tailShape(hiddenSize, adapterWidths, speller)
  // An untrained tail: what it writes is as good as random, so that a wrong state shows. Larger weights make surer
  // choices, and drafts of several tokens.
  const weights = new Map([...initialTail(shape, 3)].map(([name, data]) => [name, data.map((x) => 3 * x)]))
  const reference = { path: sampleModelName, sha256: await hashBaseModel(base) }
  const gates = [
    { share: 0.05, threshold: 0.05 },
    { share: 0.5, threshold: 0.5 },
  ]
  const parts = { speller, adapterWidths, weights, gates, precision: 'stored', hiddenSize } as const
  await saveSpellm(scratch, reference, parts)
  alone = await openTextGenerator(scratch)
  together = await openTextGenerator(scratch, { texts: 3 })
})
afterAll(async () => {
  await alone.release()
  await together.release()
  await rm(scratch, { recursive: true, force: true })
})

async function written(
  generator: TextGenerator,
  prompt: string,
  kvContext: KvContext,
  mode: GenerationMode,
  candidates = 0,
): Promise<(number | null)[]> {
  const options = { mode, candidates, sampling: null, maxTokens: 20, gateShare: 0.5, stop: ['.'] }
  const pieces = await collect(generator.write(prompt, kvContext, options))
  return pieces.map(({ token }) => token)
}

it('texts are what they are one after another, in each mode', async () => {
  const writeAll = (generator: TextGenerator) =>
    generator.forEachText(prompts, async (prompt, kvContext) => {
      const texts = []
      for (const [mode, candidates] of modes)
        texts.push(await written(generator, prompt, kvContext, mode, candidates))
      return texts
    })
  const expected = await writeAll(alone)
  expect(await writeAll(together)).toEqual(expected)
  for (const [ofBase, , , , lossless] of expected) expect(lossless).toEqual(ofBase)
  expect(new Set(expected.flat().map(({ length }) => length)).size).toBeGreaterThan(2)
})

it('a text that fails leaves the others alone, and its error is told at their end', async () => {
  const finished: string[] = []
  const work = async (prompt: string, kvContext: KvContext) => {
    if (prompt === 'It') throw new RangeError('not this one')
    await written(together, prompt, kvContext, 'trie')
    finished.push(prompt)
  }
  await expect(together.forEachText(prompts, work)).rejects.toThrow('not this one')
  expect(finished.sort()).toEqual([prompts[0], prompts[2]].sort())
  expect(await together.forEachText(['It'], (prompt, own) => written(together, prompt, own, 'trie'))).toEqual(
    await alone.forEachText(['It'], (prompt, own) => written(alone, prompt, own, 'trie')),
  )
})

it('nothing computes while something else does, since some devices can not', async () => {
  let computing = 0
  let most = 0
  const compute = async <Result>(result: Result) => {
    most = Math.max(most, ++computing)
    await setTimeout(1)
    computing--
    return result
  }
  const shape = { windows: [null], heads: 1, headSize: 1, type: 'float32' } as const
  const batch: BatchTrunk = {
    createCaches: () => createKeyValueCaches(shape, 3),
    forward: (tokens) => compute(tokens.map(({ length }) => new Float32Array(length))),
    release: () => Promise.resolve(),
  }
  const rows = (hidden: Float32Array) => compute(new Int32Array(hidden.length))
  const head: BaseHead = {
    logits: compute<Float32Array>,
    greedy: () => compute(1),
    greedyRows: rows,
    release: () => Promise.resolve(),
  }
  const tail: TailSession = { ...(await alone.sessions()).tail!, logProbabilities: compute<Float32Array> }
  const shared = shareTrunk(batch, { tail, head })
  const endings = ['tail', 'choice', 'none', 'tail', 'logits'] as const
  const texts = await shared.forEachText(endings, async (outputHead, { cache }) => {
    const { hidden } = await shared.trunk.forwardLastPosition(Int32Array.of(1), cache, outputHead)
    await shared.head.greedy(hidden)
    await shared.tail.logProbabilities(await shared.head.logits(hidden))
    return outputHead
  })
  expect(texts).toEqual(endings)
  expect(most).toBe(1)
})
