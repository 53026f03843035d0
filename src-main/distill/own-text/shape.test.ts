import { expect, it } from 'vitest'
import { parameterCount } from '../../models/architecture.ts'
import { openBaseModel } from '../../models/base-model.ts'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'
import { ownTextMemoryBytes, ownTextShape, sequencesOfARound } from './shape.ts'

it('writes rounds of about a minute on a processor, in whole batches', async () => {
  const { architecture } = await openBaseModel(modelFolder(sampleModelName))
  // 5.5 M weights: a minute would do for more than are ever written at once.
  expect(sequencesOfARound(architecture, 320, 'cpu', 2)).toBe(128)
  // Of SmolLM2-135M's size: it wrote 240 tokens a second on two cores, 15,360 in 64 seconds.
  const { head, hiddenSize } = architecture
  const rows = Math.round((134.5e6 - parameterCount(architecture)) / hiddenSize)
  const large = {
    ...architecture,
    head: { ...head, weight: { ...head.weight, name: 'large', shape: [rows, hiddenSize] } },
  }
  const sequences = [1, 2, 4, 16].map((cores) => sequencesOfARound(large, 320, 'cpu', cores))
  expect(sequences).toEqual([24, 48, 96, 128])
  expect(sequencesOfARound(large, 320, 'cuda', 2)).toBe(128)
})

it('has fewer sequences where their keys and values find no room', async () => {
  const { architecture } = await openBaseModel(modelFolder(sampleModelName))
  const whole = ownTextShape(architecture, { prefix: [0] }, { memoryBytes: Infinity, device: 'cuda' })
  const memoryBytes = ownTextMemoryBytes(architecture, whole) / 3
  const { sequences, tokens } = ownTextShape(architecture, { prefix: [0] }, { memoryBytes, device: 'cuda' })
  expect(tokens).toBe(whole.tokens)
  expect(sequences % 8).toBe(0)
  expect(ownTextMemoryBytes(architecture, { sequences, tokens })).toBeLessThanOrEqual(memoryBytes)
  expect(ownTextMemoryBytes(architecture, { sequences: sequences + 8, tokens })).toBeGreaterThan(memoryBytes)
})

it('has room for a long question and its answer, as far as the context goes', async () => {
  const { architecture } = await openBaseModel(modelFolder(sampleModelName))
  const limits = { memoryBytes: Infinity, device: 'cpu', questionTokens: 400 } as const
  const long = { ...architecture, contextLength: 8_192 }
  expect(ownTextShape(long, { prefix: [0] }, limits).tokens).toBe(560)
  expect(ownTextShape({ ...long, contextLength: 100 }, { prefix: [0, 1, 2] }, limits).tokens).toBe(98)
})
