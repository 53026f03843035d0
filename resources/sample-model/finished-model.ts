import { join } from 'node:path'
import { float32ToFloat16 } from '../../src-main/formats/half.ts'
import { openSafetensors, readTensor, writeSafetensors } from '../../src-main/formats/safetensors.ts'
import { weightShapes } from '../../src-main/models/architecture.ts'
import { languageModelTrainingGraph } from '../../src-main/models/training.ts'
import {
  createSession,
  floatData,
  floatTensor,
  int32Tensor,
  int64Tensor,
} from '../../src-main/runtime/session.ts'
import { architecture, folder, storyWindows } from './stories-text.ts'

const weightsFile = join(folder, 'model.safetensors')
const heldOutSeed = 2
const batch = 6
const tokens = 384
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
  const rows = batch * tokens
  const weights = floatTensor(new Float32Array(rows).fill(1 / rows), [rows, 1])
  const windows = storyWindows(heldOutSeed, tokens)
  let total = 0
  for (let i = 0; i < batches; i++) {
    const inputs = new Int32Array(rows)
    const targets = new Int32Array(rows)
    for (let row = 0; row < batch; row++) {
      const window = windows.next().value as Int32Array
      inputs.set(window.subarray(0, tokens), row * tokens)
      targets.set(window.subarray(1), row * tokens)
    }
    const feeds = {
      tokens: int64Tensor(inputs, [batch, tokens]),
      targets: int32Tensor(targets, [rows, 1]),
      weights,
      ...parameters,
    }
    total += floatData((await session.run(feeds))['loss'])[0]!
  }
  await session.release()
  return Math.exp(total / batches)
}
