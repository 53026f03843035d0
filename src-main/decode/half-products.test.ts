import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { z } from 'zod'
import { openSafetensors, readTensor, writeSafetensors } from '../formats/safetensors.ts'
import { openBaseModel } from '../models/base-model.ts'
import { withHalfProducts } from '../models/precision.ts'
import { createTrunkSession } from '../models/trunk-session.ts'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import { createBaseHead } from './chooser.ts'
import { fitToDevice, referenceStates, hiddenDifference } from './device-parity.ts'

const checkpoints = join(import.meta.dirname, '../models/testing')
const expectedSchema = z.object({
  tokens: z.array(z.int()),
  prefillLogits: z.array(z.array(z.number())),
})

/**
 * The graph of a graphics card, computed by the CPU: its weights, keys and values are in float16, but onnxruntime
 * multiplies them in float32 there and leaves out some of the roundings.
 */
async function openHalf(folder: string) {
  const model = withHalfProducts(await openBaseModel(folder))
  const [trunk, head] = [await createTrunkSession(model), await createBaseHead(model)]
  onTestFinished(async () => {
    await trunk.release()
    await head.release()
  })
  return { trunk, head, hiddenSize: model.architecture.hiddenSize }
}

describe('products in float16', () => {
  it.each(['gqa-tied', 'mqa-bf16', 'fp16-sharded', 'gemma2', 'gemma3', 'gpt2', 'gpt-neox', 'phi3', 'qwen3'])(
    'give the logits of transformers for %s up to their rounding, at once and step by step',
    async (name) => {
      const { trunk, head, hiddenSize } = await openHalf(join(checkpoints, name))
      const file = await readFile(join(checkpoints, name, 'expected.json'), 'utf8')
      const { tokens, prefillLogits } = expectedSchema.parse(JSON.parse(file))
      const reference = Float32Array.from(prefillLogits.at(-1)!)
      const atOnce = await trunk.forward(Int32Array.from(tokens), trunk.createCache())
      const cache = trunk.createCache()
      let last: Float32Array = new Float32Array()
      for (const token of tokens) last = await trunk.forward(Int32Array.of(token), cache)
      for (const hidden of [atOnce.slice(-hiddenSize), last])
        expect(hiddenDifference(await head.logits(hidden), reference)).toBeLessThan(5e-3)
      expect(cache.feeds()['past.0.key']?.type).toBe('float16')
    },
  )

  it('have no numbers for a weight beyond the range of float16, so that the check refuses them', async () => {
    const folder = join(await temporaryFolder(), 'model')
    await cp(join(checkpoints, 'mha-untied'), folder, { recursive: true })
    const file = join(folder, 'model.safetensors')
    const { tensors } = await openSafetensors(file)
    const changed = await Promise.all(
      [...tensors].map(async ([name, tensor]) => {
        const data = await readTensor(tensor)
        if (name.endsWith('layers.0.mlp.up_proj.weight')) data[3] = 1e5
        return [name, { dtype: 'F32' as const, shape: tensor.shape, data }] as const
      }),
    )
    await writeSafetensors(file, Object.fromEntries(changed))
    const model = await openBaseModel(folder)
    const expected = await referenceStates(model, 'cpu')
    expect(expected.every(Number.isFinite)).toBe(true)
    expect(hiddenDifference(await referenceStates(withHalfProducts(model), 'cpu'), expected)).toBeNaN()
  })

  it('are not for the CPU', async () => {
    const model = await openBaseModel(join(checkpoints, 'gqa-tied'))
    expect(await fitToDevice(model, 'cpu')).toBe(model)
  })
})
