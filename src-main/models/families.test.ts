import { cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openSafetensors, readTensor, writeSafetensors } from '../formats/safetensors.ts'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import { openBaseModel } from './base-model.ts'
import { createWindowSession } from './trunk-session.ts'

const testing = join(import.meta.dirname, 'testing')
const configSchema = z.record(z.string(), z.unknown())

/** A copy of a test model whose config has other values in some fields. */
async function withConfig(name: string, changes: Record<string, unknown>): Promise<string> {
  const folder = join(await temporaryFolder(), 'model')
  await cp(join(testing, name), folder, { recursive: true })
  const file = join(folder, 'config.json')
  const config = configSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  await writeFile(file, JSON.stringify({ ...config, ...changes }))
  return folder
}

const open = async (name: string, changes: Record<string, unknown>) =>
  openBaseModel(await withConfig(name, changes))

describe('a config that asks for what we do not compute is refused, by the name of its field', () => {
  it.each([
    [
      'an architecture',
      'gqa-tied',
      { model_type: 'mamba2' },
      /'mamba2' is not supported; supported are gemma,/,
    ],
    ['an unknown field', 'gqa-tied', { attention_sinks: 4 }, /'attention_sinks' is not known/],
    ['quantised weights', 'gqa-tied', { quantization_config: { bits: 4 } }, /'quantization_config'/],
    ['another activation', 'gqa-tied', { hidden_act: 'gelu' }, /'hidden_act'/],
    ['a rotary scaling', 'gqa-tied', { rope_scaling: { type: 'ntk-by-parts', factor: 2 } }, /'ntk-by-parts'/],
    [
      'a scaling without its factor',
      'gqa-tied',
      { rope_scaling: { type: 'linear' } },
      /rope_scaling\.factor/,
    ],
    ['interleaved rotary embedding', 'gqa-tied', { rope_interleaved: true }, /'rope_interleaved'/],
    ['attention in both directions', 'gemma3', { use_bidirectional_attention: true }, /bidirectional/],
    ['scores scaled by layer', 'gpt2', { scale_attn_by_inverse_layer_idx: true }, /inverse_layer_idx/],
    [
      'factors of another length',
      'phi4-mini',
      { partial_rotary_factor: 0.5 },
      /short_factor' must have 4 entries/,
    ],
    [
      'layer types of another length',
      'smollm3',
      { layer_types: ['full_attention'] },
      /'layer_types' must have 4/,
    ],
    ['a million layers', 'gqa-tied', { num_hidden_layers: 1_000_000 }, /'num_hidden_layers'/],
    ['an absurd width', 'gqa-tied', { hidden_size: 1e9 }, /'hidden_size'/],
    ['an odd rotary part', 'gpt-neox', { rotary_pct: 0.2 }, /must be even/],
  ])('%s', async (_, name, changes, message) => {
    await expect(open(name, changes)).rejects.toMatchObject({
      name: 'SpellmError',
      message: expect.stringMatching(message) as string,
    })
  })
})

describe('a checkpoint that does not fit its config is refused', () => {
  it('with weights that nothing would read: a bias that the config leaves out', async () => {
    await expect(open('llama-linear', { attention_bias: false })).rejects.toMatchObject({
      code: 'model-unsupported',
      message: expect.stringMatching(/self_attn\.._proj\.bias/) as string,
    })
  })
  it('with a head of its own that the config calls tied', async () => {
    await expect(open('mha-untied', { tie_word_embeddings: true })).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining("'tie_word_embeddings'") as string,
    })
  })
  it('without the head that the config asks for', async () => {
    await expect(open('gqa-tied', { tie_word_embeddings: false })).rejects.toMatchObject({
      message: expect.stringContaining("'lm_head.weight' is missing") as string,
    })
  })
})

it('weights that are a link to themselves are refused', async () => {
  const folder = await withConfig('gqa-tied', {})
  await rm(join(folder, 'model.safetensors'))
  await symlink('model.safetensors', join(folder, 'model.safetensors'))
  await expect(openBaseModel(folder)).rejects.toMatchObject({
    name: 'SpellmError',
    message: expect.stringContaining('model.safetensors') as string,
  })
})

it('weights behind links, as in the cache of the Hub, are read where they lie', async () => {
  const folder = await withConfig('gqa-tied', {})
  await mkdir(join(folder, '../blobs'))
  await rename(join(folder, 'model.safetensors'), join(folder, '../blobs/0123'))
  await symlink('../blobs/0123', join(folder, 'model.safetensors'))
  const tokens = Int32Array.of(1, 2, 3, 4)
  const read = async (model: string) =>
    (await createWindowSession(await openBaseModel(model), { batch: 1, tokens: 4 })).forward(tokens)
  expect(await read(folder)).toEqual(await read(join(testing, 'gqa-tied')))
})

it('fields of training and of other programs, and fields that are null, change nothing', async () => {
  const plain = await openBaseModel(join(testing, 'qwen3'))
  const { architecture } = await open('qwen3', {
    torch_dtype: 'bfloat16',
    unsloth_version: '2025.1',
    future_field: null,
    head_dim: 16,
    pruned_heads: {},
  })
  expect(architecture).toEqual(plain.architecture)
})

it('Gemma 3 with its image encoder is the language model within, whatever prefix its weights have', async () => {
  const plain = await openBaseModel(join(testing, 'gemma3'))
  const text = configSchema.parse(JSON.parse(await readFile(join(testing, 'gemma3', 'config.json'), 'utf8')))
  for (const prefix of ['language_model.model.', 'model.language_model.']) {
    const folder = await withConfig('gemma3', {})
    const { tensors } = await openSafetensors(join(testing, 'gemma3', 'model.safetensors'))
    const renamed = await Promise.all(
      [...tensors].map(async ([name, entry]) => {
        const data = await readTensor(entry)
        return [name.replace(/^model\./, prefix), { dtype: 'F32', shape: entry.shape, data }] as const
      }),
    )
    const vision = { dtype: 'F32', shape: [1], data: Float32Array.of(0) } as const
    await writeSafetensors(join(folder, 'model.safetensors'), {
      ...Object.fromEntries(renamed),
      'vision_tower.vision_model.head.weight': vision,
    })
    await writeFile(
      join(folder, 'config.json'),
      JSON.stringify({ model_type: 'gemma3', text_config: text, vision_config: {}, image_token_index: 9 }),
    )
    const wrapped = await openBaseModel(folder)
    const tokens = Int32Array.from({ length: 16 }, (_, i) => (7 * i) % 72)
    const [expected, actual] = await Promise.all(
      [plain, wrapped].map(async (model) =>
        (await createWindowSession(model, { batch: 1, tokens: 16 })).forward(tokens),
      ),
    )
    expect(actual).toEqual(expected)
  }
})
