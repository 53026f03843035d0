import { join } from 'node:path'
import { expect, it } from 'vitest'
import { collect } from '../runs/testing/collect.ts'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import type { Sampling } from './sampling.ts'
import { writeSymbolSpellm } from './testing/symbol-spellm.ts'
import { openTextGenerator } from './text-generator.ts'

const base = join(import.meta.dirname, '../models/testing/gguf/llama-q4_1.gguf')

const samplings: [string, Sampling | null][] = [
  ['greedily', null],
  ['drawn', { temperature: 0.8, topP: 0.9, seed: 3 }],
]

it.each(samplings)(
  'lossless writes the base model’s text, a GGUF’s blocks kept as they are, %s',
  async (_, sampling) => {
    const folder = await temporaryFolder()
    await writeSymbolSpellm(folder, {
      base,
      alphabet: 'bytes',
      firstSymbol: 5,
      tokenSymbols: 12,
      contextSymbols: 8,
      precision: 'kept',
    })
    const quantization = { folder: await temporaryFolder() }
    const spellm = await openTextGenerator(folder, { quantization })
    const alone = await openTextGenerator(base, { precision: 'kept', quantization })
    expect(spellm.base.weights.isQuantized).toBe(true)
    let heads = 0
    const write = (mode: 'base' | 'lossless', prompt: readonly number[]) => {
      const generator = mode === 'base' ? alone : spellm
      const options = { mode, sampling, maxTokens: 60, stop: [], onHeadPass: () => heads++ }
      return collect(generator.write(prompt, generator.createKvContext(), options))
    }
    for (const prompt of [
      [1, 20, 31, 7],
      [1, 44],
      [1, 5, 6, 5, 6, 9],
    ]) {
      const expected = await write('base', prompt)
      heads = 0
      expect(await write('lossless', prompt)).toEqual(expected)
      expect(heads).toBeGreaterThan(0)
    }
    await Promise.all([spellm.release(), alone.release()])
  },
)
