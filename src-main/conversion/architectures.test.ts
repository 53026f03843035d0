import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { openTextGenerator, type GenerationMode } from '../decode/text-generator.ts'
import { openBaseModel } from '../models/base-model.ts'
import { seededRandom } from '../base/random.ts'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import { convert } from './convert.ts'
import { parseConversionSettings } from './settings.ts'

vi.mock('./conversion-text.ts', async (importOriginal) =>
  (await import('./testing/few-positions.ts')).fewPositions(await importOriginal()),
)

const checkpoints = join(import.meta.dirname, '../models/testing')
const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,'

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }

/** A tokenizer with a token for each letter, which fits into the test checkpoints' vocabularies. */
const tokenizer = {
  added_tokens: ['<s>', '</s>', '<pad>'].map((content, id) => ({ id, content, special: true })),
  normalizer: null,
  pre_tokenizer: byteLevel,
  model: {
    type: 'BPE',
    vocab: Object.fromEntries(
      ['<s>', '</s>', '<pad>', ...Array.from(letters.replace(' ', 'Ġ'))].map((content, id) => [content, id]),
    ),
    merges: [],
  },
  decoder: byteLevel,
  post_processor: null,
}

/** Shorter windows make smaller chunks. GPT-2 has a weight for each position, and stays as it is. */
async function shortenContext(file: string): Promise<void> {
  const config = z.looseObject({}).parse(JSON.parse(await readFile(file, 'utf8')))
  if ('max_position_embeddings' in config)
    await writeFile(file, JSON.stringify({ ...config, max_position_embeddings: 64 }))
}

describe.each([
  'mistral',
  'qwen2',
  'qwen3',
  'gemma',
  'gemma2',
  'gemma3',
  'phi3',
  'phi4-mini',
  'smollm3',
  'olmo2',
  'granite',
  'starcoder2',
  'gpt-neox',
  'gpt2',
])('a model of the architecture %s', (name) => {
  it('is converted, and its SpeLLM writes in every mode', async () => {
    const scratch = await temporaryFolder()
    const model = join(scratch, 'model')
    await cp(join(checkpoints, name), model, { recursive: true })
    await writeFile(join(model, 'tokenizer.json'), JSON.stringify(tokenizer))
    await shortenContext(join(model, 'config.json'))
    const random = seededRandom(3)
    const text = Array.from({ length: 60_000 }, () => letters[random.below(letters.length)]!).join('')
    const file = join(scratch, 'text.txt')
    await writeFile(file, text)

    const run = join(scratch, 'run')
    const small = { tokens: 1_000, k: 2, adapterWidths: [16], batchTokens: 2_048, epochs: 1, seed: 1 }
    const settings = parseConversionSettings({ base: model, texts: [file], device: 'cpu', ...small })
    const result = await convert(run, settings, { onEvent: () => undefined })
    const { architecture } = await openBaseModel(model)
    // After a step or two its choices are near chance, and they are tokens.
    expect(result.agreement.trie).toBeGreaterThan(0)
    expect(result.steps).toBeGreaterThan(0)

    const generator = await openTextGenerator(run)
    const write = async (mode: GenerationMode) => {
      const tokens: number[] = []
      const options = { mode, sampling: null, maxTokens: 24, stop: [] }
      for await (const piece of generator.write('Hello, World', generator.createKvContext(), options))
        if (piece.token !== null) tokens.push(piece.token)
      return tokens
    }
    const base = await write('base')
    expect(await write('lossless')).toEqual(base)
    for (const mode of ['gated', 'trie', 'free'] as const)
      for (const token of await write(mode)) expect(token).toBeLessThan(architecture.vocabularySize)
    await generator.release()
  })
})
