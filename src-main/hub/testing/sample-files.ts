import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeSafetensors, openSafetensors, readTensorBytes } from '../../formats/safetensors.ts'
import type { ServedFile } from './hub-server.ts'

const sampleFolder = join(import.meta.dirname, '../../../resources/sample-model')

/** The sample model as it would lie on the Hub, among files that nobody needs. */
export async function sampleFiles(): Promise<Record<string, ServedFile>> {
  const read = async (name: string) => readFile(join(sampleFolder, name))
  const small = (contents: Buffer | string) => ({ contents: Buffer.from(contents), isLarge: false })
  const large = (contents: Buffer | string) => ({ contents: Buffer.from(contents), isLarge: true })
  return {
    '.gitattributes': small('*.safetensors filter=lfs'),
    'LICENSE.txt': small('Apache-2.0'),
    'README.md': small('# A model'),
    'config.json': small(await read('config.json')),
    'flax_model.msgpack': large('flax'),
    'model.gguf': large('gguf'),
    'model.safetensors': large(await read('model.safetensors')),
    'pytorch_model.bin': large('pickle'),
    'tokenizer.json': large(await read('tokenizer.json')),
    'tokenizer_config.json': small(await read('tokenizer_config.json')),
  }
}

/** The same with its weights in two shards. `scratch` is an existing folder. */
export async function shardedSampleFiles(scratch: string): Promise<Record<string, ServedFile>> {
  const files = await sampleFiles()
  const { tensors } = await openSafetensors(join(sampleFolder, 'model.safetensors'))
  const names = [...tensors.keys()]
  const weightMap: Record<string, string> = {}
  for (const [i, part] of [names.slice(0, 20), names.slice(20)].entries()) {
    const shard = `model-0000${i + 1}-of-00002.safetensors`
    const data: Parameters<typeof writeSafetensors>[1] = Object.fromEntries(
      await Promise.all(
        part.map(async (name) => {
          const entry = tensors.get(name)!
          weightMap[name] = shard
          return [
            name,
            { dtype: entry.dtype, shape: entry.shape, data: await readTensorBytes(entry) },
          ] as const
        }),
      ),
    )
    await writeSafetensors(join(scratch, shard), data)
    files[shard] = { contents: await readFile(join(scratch, shard)), isLarge: true }
  }
  const index = JSON.stringify({ metadata: {}, weight_map: weightMap })
  files['model.safetensors.index.json'] = { contents: Buffer.from(index), isLarge: false }
  return files
}
