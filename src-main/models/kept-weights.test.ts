import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createBaseHead } from '../decode/chooser.ts'
import { decoderSize } from '../decode/decoder-size.ts'
import { createVerifyingHead } from '../decode/verifying-head.ts'
import { chooseInTurns, tiedStates } from '../decode/testing/tied-states.ts'
import { splitBlocks, splittableTypes } from '../formats/gguf.ts'
import { constant, input, type Value } from '../graph/index.ts'
import { seededRandom } from '../base/random.ts'
import { createSession, floatData, floatTensor, int64Tensor } from '../runtime/session.ts'
import { openBaseModel, type BaseModel } from './base-model.ts'
import { linear, tableRows, type QuantizedMatrix } from './blocks.ts'
import { openHeadRows } from './head-rows.ts'
import { inPrecision, withPrecision, type Precision } from './precision.ts'
import { createTrunkSession } from './trunk-session.ts'

const testing = join(import.meta.dirname, 'testing/gguf')
const quants = z
  .record(z.string(), z.object({ blocks: z.string(), values: z.string() }))
  .parse(JSON.parse(await readFile(join(import.meta.dirname, '../formats/testing/gguf-quants.json'), 'utf8')))
const keptTypes = [...splittableTypes.keys()]

let folder: string
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'spellm-kept-'))))
afterAll(() => rm(folder, { recursive: true }))

const open = async (name: string, precision: Precision): Promise<BaseModel> =>
  inPrecision(await openBaseModel(join(testing, `${name}.gguf`)), precision, { folder })

/** Blocks that the gguf package has made, as a matrix of two rows, and the values that it reads in them. */
function referenceMatrix(type: string) {
  const { blocks, values } = quants[type]!
  const split = splitBlocks(type, new Uint8Array(Buffer.from(blocks, 'base64')))
  const { bits } = splittableTypes.get(type)!
  const outputs = 2
  const perRow = split.scales.length / outputs
  const numbers = (data: Float32Array) => constant(data, [outputs, perRow])
  const matrix: QuantizedMatrix = {
    bits,
    blockSize: 32,
    outputs,
    inputs: 32 * perRow,
    packed: constant(split.integers, [outputs, perRow, 4 * bits]),
    scales: numbers(split.scales),
    ...(split.minima ? { minima: numbers(split.minima) } : {}),
  }
  return { matrix, values: new Float32Array(new Uint8Array(Buffer.from(values, 'base64')).buffer) }
}

const run = async (value: Value, feeds: Parameters<Awaited<ReturnType<typeof createSession>>['run']>[0]) => {
  const session = await createSession({ value })
  const result = floatData((await session.run(feeds))['value'])
  await session.release()
  return result
}

describe.each(keptTypes)('blocks of %s', (type) => {
  const { matrix, values } = referenceMatrix(type)
  const { inputs, outputs } = matrix

  it("give the rows of a table, bit for bit the gguf package's values", async () => {
    const rows = await run(tableRows(matrix, input('ids', ['ids'], 'int64')), {
      ids: int64Tensor([1, 0], [2]),
    })
    expect([...rows]).toEqual([...values.subarray(inputs), ...values.subarray(0, inputs)])
  })

  it.each([1, 2, 5])('are multiplied with %i rows as these values are', async (count) => {
    const random = seededRandom(count)
    // Whole numbers up to 127 in each block: rounded to 8 bits they stay what they are.
    const x = Float32Array.from({ length: count * inputs }, (_, i) =>
      i % 32 === 3 ? 127 : random.below(255) - 127,
    )
    const products = await run(linear(input('x', ['rows', inputs]), matrix), {
      x: floatTensor(x, [count, inputs]),
    })
    for (let row = 0; row < count; row++)
      for (let output = 0; output < outputs; output++) {
        let [sum, size] = [0, 0]
        for (let i = 0; i < inputs; i++) {
          const term = x[row * inputs + i]! * values[output * inputs + i]!
          sum += term
          size += Math.abs(term)
        }
        expect(Math.abs(products[row * outputs + output]! - sum)).toBeLessThan(1e-6 * size)
      }
  })
})

/** Logits at each position of a prompt. */
async function logitsOf(model: BaseModel, tokens: readonly number[]): Promise<Float32Array> {
  const trunk = await createTrunkSession(model)
  const head = await createBaseHead(model)
  const hidden = await trunk.forward(Int32Array.from(tokens), trunk.createCache())
  const logits = await head.logits(hidden)
  await Promise.all([trunk.release(), head.release()])
  return logits
}

describe.each([
  ['llama-q4_1', 'Q4_1 and a Q8_0 embedding, rows of queries and keys in another order'],
  ['llama3-rope', 'Q8_0'],
  ['gemma2', 'Q8_0, capped'],
  ['phi3', 'Q4_0, queries, keys and values in one matrix, a head of its own'],
])('%s (%s), its blocks kept', (name) => {
  it('has rows of the LM head that are those of the widened weights, bit for bit', async () => {
    const kept = await open(name, 'kept')
    expect(kept.weights.isQuantized).toBe(true)
    const tokens = Array.from({ length: kept.architecture.vocabularySize }, (_, i) => i)
    const rows = [kept, await open(name, 'stored')].map((model) => openHeadRows(model))
    const [own, widened] = rows.map((opened) => opened.read(tokens))
    expect(own).toEqual(widened)
    for (const opened of rows) opened.close()
  })

  it('has the logits of the widened weights up to the rounding of activations to 8 bits', async () => {
    const tokens = Array.from({ length: 12 }, (_, i) => (7 * i + 3) % 48)
    const expected = await logitsOf(await open(name, 'stored'), tokens)
    const actual = await logitsOf(await open(name, 'kept'), tokens)
    const spread = Math.max(...expected) - Math.min(...expected)
    const difference = actual.reduce((max, logit, i) => Math.max(max, Math.abs(logit - expected[i]!)), 0)
    expect(difference).toBeLessThan(0.02 * spread)
  })

  it('verifies several states as base mode scores one, where two tokens are equal but for rounding', async () => {
    const model = await open(name, 'kept')
    const d = model.architecture.hiddenSize
    const ties = await tiedStates(model, 48)
    const base = await createBaseHead(model)
    const head = await createVerifyingHead(model)
    const expected: number[] = []
    for (let start = 0; start < ties.length; start += d)
      expected.push(await base.greedy(ties.slice(start, start + d)))
    expect(await chooseInTurns(head, ties, d)).toEqual(expected)
    await Promise.all([base.release(), head.release()])
  })
})

describe('a file of kept blocks', () => {
  it('takes memory by what the blocks hold', async () => {
    const { architecture } = await openBaseModel(join(testing, 'llama-q4_1.gguf'))
    // Q4_1: half a byte, and of 32 weights a scale and a minimum; norms: float32. Q8_0: a byte, and of 32 a scale.
    const [matrices, norms] = [2 * (2 * 32 * 32 + 2 * 16 * 32 + 3 * 64 * 32), 5 * 32]
    expect(architecture.keptBytes).toEqual({
      layers: (0.75 * matrices + 4 * norms) / (matrices + norms),
      head: 1.125,
    })
    const { weightBytes, headWeightBytes } = decoderSize(architecture, 'kept', 'cpu')
    expect([weightBytes, headWeightBytes]).toEqual([architecture.keptBytes!.layers, 1.125])
  })

  it('is made once', async () => {
    const own = await mkdtemp(join(folder, 'size-'))
    const model = await openBaseModel(join(testing, 'llama-q4_1.gguf'))
    const place = { folder: own, onQuantize: () => calls++ }
    let calls = 0
    await inPrecision(model, 'kept', place)
    expect(calls).toBeGreaterThan(0)
    calls = 0
    await inPrecision(model, 'kept', place)
    expect(calls).toBe(0)
    const [file] = await readdir(own)
    expect(file).toMatch(/^[0-9a-f]{16}-kept\.safetensors$/)
  })

  it('is refused where it is damaged', async () => {
    const own = await mkdtemp(join(folder, 'damaged-'))
    const model = await openBaseModel(join(testing, 'llama-q4_1.gguf'))
    await inPrecision(model, 'kept', { folder: own })
    const file = join(own, (await readdir(own))[0]!)
    const bytes = await readFile(file)
    bytes.write('spellm-kept-0', bytes.indexOf('spellm-kept-1'))
    await writeFile(file, bytes)
    await expect(inPrecision(model, 'kept', { folder: own })).rejects.toMatchObject({
      code: 'file-invalid',
      message: expect.stringContaining('blocks of this model') as string,
    })
  })

  it('is nothing that a model without such blocks can have', async () => {
    await expect(open('qwen2', 'kept')).rejects.toMatchObject({
      code: 'setting-invalid',
      message: expect.stringContaining('Q4_0, Q4_1, Q8_0') as string,
    })
    const folderModel = await openBaseModel(join(import.meta.dirname, 'testing/gqa-tied'))
    await expect(withPrecision(folderModel, 'kept', 'test', { folder })).rejects.toMatchObject({
      code: 'setting-invalid',
    })
  })
})
