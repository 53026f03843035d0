import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { baseChooser, createBaseHead } from '../decode/chooser.ts'
import { generate, newKvContext } from '../decode/generate.ts'
import { openSafetensors, readTensor } from '../formats/safetensors.ts'
import { createSession, floatData, floatTensor, int32Tensor, int64Tensor } from '../runtime/session.ts'
import { gradients } from '../graph/index.ts'
import { openBaseModel } from './base-model.ts'
import { languageModelTrainingGraph } from './training.ts'
import { createTrunkSession, createWindowSession } from './trunk-session.ts'

const testing = join(import.meta.dirname, 'testing')
const expectedSchema = z.object({
  tokens: z.array(z.int()),
  greedy: z.array(z.int()),
  prefillLogits: z.array(z.array(z.number())),
  lastStepLogits: z.array(z.number()),
})

function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length)
  return Array.from(actual).reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i]!)), 0)
}

async function open(name: string) {
  const folder = join(testing, name)
  const expected = expectedSchema.parse(JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8')))
  const model = await openBaseModel(folder)
  return { expected, model, trunk: await createTrunkSession(model), head: await createBaseHead(model) }
}

const llamaCases = ['gqa-tied', 'mha-untied', 'mqa-bf16', 'fp16-sharded', 'head-dim', 'llama3-rope']
const rotaryCases = ['llama-linear', 'llama-dynamic', 'llama-yarn', 'llama-yarn-mscale']
const otherCases = [
  'mistral',
  'qwen2',
  'qwen3',
  'gemma',
  'gemma2',
  'gemma3',
  'gemma3-layer-types',
  'phi3',
  'phi4-mini',
  'smollm3',
  'olmo2',
  'granite',
  'starcoder2',
  'gpt-neox',
  'gpt-neox-sequential',
  'gpt2',
]

describe.each([...llamaCases, ...rotaryCases, ...otherCases])(
  "'%s' agrees with Hugging Face transformers",
  (name) => {
    it('in the logits of a prompt, read at once and token by token', async () => {
      const { expected, model, trunk, head } = await open(name)
      const d = model.architecture.hiddenSize
      const first = expected.tokens.length - expected.prefillLogits.length
      const atOnce = await trunk.forward(Int32Array.from(expected.tokens), trunk.createCache())
      const cache = trunk.createCache()
      for (const [position, token] of expected.tokens.entries()) {
        const stepwise = await trunk.forward(Int32Array.of(token), cache)
        if (position < first) continue
        const reference = expected.prefillLogits[position - first]!
        expect(
          largestDifference(await head.logits(atOnce.slice(position * d, (position + 1) * d)), reference),
        ).toBeLessThan(1e-3)
        expect(largestDifference(await head.logits(stepwise), reference)).toBeLessThan(1e-3)
      }
    })

    it('in 64 greedy tokens and the logits after them', async () => {
      const { expected, trunk, head } = await open(name)
      const conversation = newKvContext(trunk)
      const options = { maxTokens: 64, stopTokens: [], contextLength: 1000 }
      const produced: number[] = []
      for await (const token of generate(
        trunk,
        baseChooser(head, null),
        conversation,
        expected.tokens,
        options,
      ))
        produced.push(token)
      expect(produced).toEqual(expected.greedy)
      const hidden = await trunk.forward(Int32Array.of(produced.at(-1)!), conversation.cache)
      expect(largestDifference(await head.logits(hidden), expected.lastStepLogits)).toBeLessThan(1e-3)
    })
  },
)

it.each(['gqa-tied', 'mistral', 'gemma3', 'gpt2'])(
  'the teacher reads windows of %s as token by token',
  async (name) => {
    const { expected, model, trunk, head } = await open(name)
    const d = model.architecture.hiddenSize
    // Longer than the sliding windows of those models that have one.
    const length = 24
    const tokens = [...expected.tokens, ...expected.greedy].slice(0, 2 * length)
    const windows = await createWindowSession(model, { batch: 2, tokens: length })
    const { hidden, choices } = await windows.forward(Int32Array.from(tokens))
    expect(hidden.length).toBe(2 * length * d)
    for (const start of [0, length]) {
      const cache = trunk.createCache()
      for (let i = 0; i < length; i++) {
        const state = await trunk.forward(Int32Array.of(tokens[start + i]!), cache)
        expect(choices[start + i]).toBe(await head.greedy(state))
      }
    }
  },
)

it('a conversation that continues reuses its cache and gives the same tokens as a new one', async () => {
  const { expected, trunk, head } = await open('gqa-tied')
  const options = { maxTokens: 5, stopTokens: [], contextLength: 1000 }
  const conversation = newKvContext(trunk)
  const collect = async (from: typeof conversation, prompt: number[]) => {
    const produced: number[] = []
    for await (const token of generate(trunk, baseChooser(head, null), from, prompt, options))
      produced.push(token)
    return produced
  }
  const reply = await collect(conversation, expected.tokens)
  const held = conversation.cache.length
  const second = [...expected.tokens, ...reply, 7, 8]
  expect(await collect(conversation, second)).toEqual(await collect(newKvContext(trunk), second))
  expect(held).toBeGreaterThan(expected.tokens.length)
  // A shorter prompt that differs early forgets what follows.
  const other = [...expected.tokens.slice(0, 3), 11]
  expect(await collect(conversation, other)).toEqual(await collect(newKvContext(trunk), other))
})

it('the training graph gives the loss and every gradient of PyTorch', async () => {
  const folder = join(testing, 'training')
  const model = await openBaseModel(folder)
  const { tokens, loss: expectedLoss } = z
    .object({ tokens: z.array(z.array(z.int())), loss: z.number() })
    .parse(JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8')))
  const [batch, length] = [tokens.length, tokens[0]!.length]
  const rows = batch * length
  const { loss, parameters } = languageModelTrainingGraph(model.architecture, { batch, tokens: length })
  const names = [...parameters.keys()]
  const derivatives = gradients(
    loss,
    names.map((name) => parameters.get(name)!.value),
  )
  const session = await createSession({
    loss,
    ...Object.fromEntries(names.map((name, i) => [`grad.${name}`, derivatives[i]!])),
  })
  const isLast = (row: number) => row % length === length - 1
  const flat = tokens.flat()
  const feeds = {
    tokens: int64Tensor(flat, [batch, length]),
    targets: int32Tensor(
      Int32Array.from(flat, (_, row) => (isLast(row) ? 0 : flat[row + 1]!)),
      [rows, 1],
    ),
    weights: floatTensor(
      Float32Array.from(flat, (_, row) => (isLast(row) ? 0 : 1 / (rows - batch))),
      [rows, 1],
    ),
    ...Object.fromEntries(
      await Promise.all(
        names.map(async (name) => {
          const entry = model.checkpoint.tensors.get(name)!
          return [name, floatTensor(await readTensor(entry), entry.shape)] as const
        }),
      ),
    ),
  }
  const results = await session.run(feeds)
  expect(floatData(results['loss'])[0]).toBeCloseTo(expectedLoss, 5)
  const reference = await openSafetensors(join(folder, 'gradients.safetensors'))
  expect([...reference.tensors.keys()].sort()).toEqual(names.map((name) => `grad.${name}`).sort())
  for (const [name, entry] of reference.tensors)
    expect(largestDifference(floatData(results[name]), await readTensor(entry)), name).toBeLessThan(1e-5)
})
