import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'

/**
 * Copies the sample model into a folder as one with a context of 64 tokens and two of its six layers. Shorter
 * windows make smaller chunks, so that a conversion needs half as many tokens and takes a few seconds.
 *
 * @param changes to config.json
 */
export async function writeShortModel(folder: string, changes: object = {}): Promise<void> {
  await mkdir(folder, { recursive: true })
  const sample = modelFolder(sampleModelName)
  for (const name of ['tokenizer.json', 'tokenizer_config.json', 'model.safetensors'])
    await cp(join(sample, name), join(folder, name))
  const config = JSON.parse(await readFile(join(sample, 'config.json'), 'utf8')) as object
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({ ...config, max_position_embeddings: 64, num_hidden_layers: 2, ...changes }),
  )
}
