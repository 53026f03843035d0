import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createBaseHead } from '../decode/chooser.ts'
import { hashFile, hashFiles } from '../formats/file-hash.ts'
import { openTokenizer } from '../tokenizer/index.ts'
import { hashBaseModel } from './base-model-hash.ts'
import { checkWeights, openBaseModel, sourceOf, type BaseModel } from './base-model.ts'
import { inPrecision, type Precision } from './precision.ts'
import { createTrunkSession, createWindowSession } from './trunk-session.ts'

const testing = join(import.meta.dirname, 'testing/gguf')
const expected = z
  .record(z.string(), z.object({ tokens: z.array(z.int()), logits: z.array(z.array(z.number())) }))
  .parse(JSON.parse(await readFile(join(testing, 'expected.json'), 'utf8')))

let folder: string
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'spellm-gguf-'))))
afterAll(() => rm(folder, { recursive: true }))

const open = async (name: string, precision: Precision = 'stored'): Promise<BaseModel> =>
  inPrecision(await openBaseModel(join(testing, `${name}.gguf`)), precision, { folder })

/** Logits at each position of a prompt. */
async function logitsOf(model: BaseModel, tokens: readonly number[]): Promise<number[][]> {
  const trunk = await createTrunkSession(model)
  const head = await createBaseHead(model)
  const hidden = await trunk.forward(Int32Array.from(tokens), trunk.createCache())
  const d = model.architecture.hiddenSize
  const rows: number[][] = []
  for (let i = 0; i < tokens.length; i++)
    rows.push([...(await head.logits(hidden.slice(i * d, (i + 1) * d)))])
  await trunk.release()
  await head.release()
  return rows
}

const largestDifference = (actual: number[][], wanted: number[][]) =>
  actual.reduce(
    (max, row, i) => row.reduce((max, value, j) => Math.max(max, Math.abs(value - wanted[i]![j]!)), max),
    0,
  )

describe.each(Object.entries(expected))('the GGUF file %s', (name, { tokens, logits }) => {
  it("gives transformers' logits", async () => {
    const actual = await logitsOf(await open(name), tokens)
    expect(actual).toHaveLength(logits.length)
    expect(largestDifference(actual, logits)).toBeLessThan(1e-3)
  })
})

describe('a GGUF as a base model', () => {
  it('shows what its weights are stored as, and is identified by the file alone', async () => {
    const model = await openBaseModel(join(testing, 'llama-q4_1.gguf'))
    expect(model.dtype).toBe('Q4_1')
    expect(sourceOf(model)).toBe('Q4_1')
    expect(model.architecture.beginToken).toBe(1)
    expect(model.stopTokens).toEqual([2])
    expect(await hashBaseModel(model)).toBe(await hashFile(model.folder))
    await checkWeights(model)
  })

  it('is the same model in several parts', async () => {
    const path = join(testing, 'llama-q4_1-00001-of-00003.gguf')
    const { tokens, logits } = expected['llama-q4_1']!
    const model = await openBaseModel(path)
    expect(model.files).toHaveLength(3)
    await checkWeights(model)
    const whole = await openBaseModel(join(testing, 'llama-q4_1.gguf'))
    expect(model.checkpoint.bytes).toBe(whole.checkpoint.bytes)
    expect(await hashBaseModel(model)).toBe(await hashFiles(model.files))
    for (const precision of ['stored', 'kept'] as const) {
      const actual = await logitsOf(await inPrecision(model, precision, { folder }), tokens)
      const wanted =
        precision === 'stored' ? logits : await logitsOf(await open('llama-q4_1', precision), tokens)
      expect(largestDifference(actual, wanted)).toBeLessThan(precision === 'stored' ? 1e-3 : 1e-9)
    }
    expect((await openTokenizer(path)).vocabularySize).toBe(48)
  })

  it('is read where it lies as far as its weights are floats in the order of the graph', async () => {
    const { checkpoint } = await openBaseModel(join(testing, 'gemma.gguf'))
    expect(checkpoint.tensors.size).toBe(checkpoint.weights.size)
    const llama = await openBaseModel(join(testing, 'llama-f32.gguf'))
    expect([...llama.checkpoint.weights.keys()].filter((key) => !llama.checkpoint.tensors.has(key))).toEqual(
      [0, 1].flatMap((i) => ['q', 'k'].map((part) => `model.layers.${i}.self_attn.${part}_proj.weight`)),
    )
  })

  it.each(['int8', 'int4'] as const)('can be requantised (%s)', async (precision) => {
    const { tokens, logits } = expected['llama-q4_1']!
    const model = await open('llama-q4_1', precision)
    expect(model.weights.isQuantized).toBe(true)
    const spread = Math.max(...logits.flat()) - Math.min(...logits.flat())
    const difference = largestDifference(await logitsOf(model, tokens), logits)
    expect(difference).toBeLessThan(spread * (precision === 'int8' ? 0.02 : 0.3))
    expect(difference).toBeGreaterThan(0)
  })

  it('is read in windows, too', async () => {
    const { tokens, logits } = expected['granite']!
    const session = await createWindowSession(await open('granite'), { batch: 1, tokens: tokens.length })
    const { choices } = await session.forward(Int32Array.from(tokens))
    await session.release()
    expect([...choices]).toEqual(logits.map((row) => row.indexOf(Math.max(...row))))
  })

  it('is not computed with before it was widened', async () => {
    const model = await openBaseModel(join(testing, 'llama-q4_1.gguf'))
    await expect(createTrunkSession(model)).rejects.toThrow('have to be widened')
  })

  it('leaves no file behind when widening it is stopped', async () => {
    const own = await mkdtemp(join(folder, 'stopped-'))
    const controller = new AbortController()
    const model = await openBaseModel(join(testing, 'llama-q4_1.gguf'))
    const widening = inPrecision(model, 'stored', {
      folder: own,
      onQuantize: () => controller.abort(),
      signal: controller.signal,
    })
    await expect(widening).rejects.toMatchObject({ name: 'CancelledError' })
    expect(await readdir(own)).toEqual([])
  })
})
