import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openSafetensors, readTensor, writeSafetensors } from '../../formats/safetensors.ts'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'

const shortened = { max_position_embeddings: 64, num_hidden_layers: 2 }

/**
 * Copies the sample model into a folder as one with a context of 64 tokens and two of its six layers. Shorter
 * windows make smaller chunks, so that a conversion needs half as many tokens and takes a few seconds.
 *
 * @param changes to config.json
 */
export async function writeShortModel(
  folder: string,
  changes: Partial<typeof shortened> & Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const sample = modelFolder(sampleModelName)
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    await cp(join(sample, name), join(folder, name))
  const config = JSON.parse(await readFile(join(sample, 'config.json'), 'utf8')) as object
  const written = { ...config, ...shortened, ...changes }
  await writeFile(join(folder, 'config.json'), JSON.stringify(written))
  await writeLayers(
    join(sample, 'model.safetensors'),
    join(folder, 'model.safetensors'),
    written.num_hidden_layers,
  )
}

/** Copies the weights of the first layers, and those that belong to none. */
async function writeLayers(from: string, to: string, layers: number): Promise<void> {
  const { tensors } = await openSafetensors(from)
  const layerOf = (name: string) => Number(/layers\.(\d+)\./.exec(name)?.[1] ?? -1)
  const kept: Record<string, { dtype: 'F32'; shape: readonly number[]; data: Float32Array }> = {}
  for (const [name, tensor] of tensors)
    if (layerOf(name) < layers)
      kept[name] = { dtype: 'F32', shape: tensor.shape, data: await readTensor(tensor) }
  await writeSafetensors(to, kept)
}
