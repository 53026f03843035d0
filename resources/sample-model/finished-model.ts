import { join } from 'node:path'
import { float32ToFloat16 } from '../../src-main/formats/half.ts'
import { openSafetensors, readTensor, writeSafetensors } from '../../src-main/formats/safetensors.ts'
import { weightShapes } from '../../src-main/models/architecture.ts'
import { languageModelTrainingGraph } from '../../src-main/models/training.ts'
import { createSession, floatData, floatTensor } from '../../src-main/runtime/session.ts'
import { architecture, batch, evenly, folder, storyBatches, tokens } from './stories-text.ts'

const weightsFile = join(folder, 'model.safetensors')
const heldOutSeed = 2
const batches = 16

/** Writes the weights in float16, in the order of the forward pass. */
export async function saveWeights(weights: ReadonlyMap<string, Float32Array>): Promise<void> {
  const tensors = [...weightShapes(architecture)].map(
    ([name, shape]) => [name, { dtype: 'F16', shape, data: float32ToFloat16(weights.get(name)!) }] as const,
  )
  await writeSafetensors(weightsFile, Object.fromEntries(tensors), { format: 'pt' })
}

/** Perplexity of the weights on disk on 36,864 tokens of stories of another seed than the training's. */
export async function heldOutPerplexity(): Promise<number> {
  const { tensors } = await openSafetensors(weightsFile)
  const { loss } = languageModelTrainingGraph(architecture, { batch, tokens })
  const session = await createSession({ loss })
  const parameters = Object.fromEntries(
    await Promise.all(
      [...tensors].map(
        async ([name, entry]) => [name, floatTensor(await readTensor(entry), entry.shape)] as const,
      ),
    ),
  )
  const heldOut = storyBatches(heldOutSeed, evenly)
  let total = 0
  for (let i = 0; i < batches; i++)
    total += floatData((await session.run({ ...heldOut.next().value, ...parameters }))['loss'])[0]!
  await session.release()
  return Math.exp(total / batches)
}
