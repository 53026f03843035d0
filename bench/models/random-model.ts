import { existsSync } from 'node:fs'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeSafetensors } from '../../src-main/formats/safetensors.ts'
import { weightShapes } from '../../src-main/models/architecture.ts'
import { families } from '../../src-main/models/families/index.ts'
import { modelFolder } from '../../src-main/models/model-folder.ts'
import { seededRandom } from '../../src-main/random.ts'
import { shapes, type ShapeName } from './shapes.ts'

/** Weights are drawn once; each tensor repeats them from a place of its own, since onnxruntime shares equal ones. */
const pieceLength = 1_048_573

/**
 * A Hugging Face folder `folder`/NAME of that shape with random weights in bfloat16, made if it isn't there. Its
 * tokenizer is the sample model's, whose tokens are the first of its vocabulary, unless another one (tokenizer.json) is given.
 */
export async function randomModel(name: ShapeName, folder: string, tokenizer?: object): Promise<string> {
  const target = join(folder, tokenizer ? `${name}-own-tokenizer` : name)
  if (existsSync(join(target, 'model.safetensors'))) return target
  await mkdir(target, { recursive: true })
  const config = shapes[name]
  await writeFile(join(target, 'config.json'), JSON.stringify(config, null, 2))
  for (const file of ['tokenizer.json', 'tokenizer_config.json'])
    await cp(join(modelFolder('sample'), file), join(target, file))
  if (tokenizer) await writeFile(join(target, 'tokenizer.json'), JSON.stringify(tokenizer))

  const architecture = families
    .get(config.model_type)!
    .describe(config, { file: 'config.json', hasTensor: () => true })
  const random = seededRandom(1)
  const piece = toBfloat16(Float32Array.from({ length: pieceLength }, () => 0.02 * random.normal()))
  // Gains are 1, or 0 where 1 is added to them.
  const gain = config.model_type === 'gemma3_text' ? 0 : 1
  const tensors = [...weightShapes(architecture)].map(([weight, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1)
    const data =
      shape.length === 1
        ? toBfloat16(new Float32Array(size).fill(gain))
        : async function* () {
            let start = Math.floor(pieceLength * random.uniform())
            for (let done = 0; done < size;) {
              const part = piece.subarray(start, start + size - done)
              yield await Promise.resolve(part)
              done += part.length
              start = 0
            }
          }
    return [weight, { dtype: 'BF16' as const, shape, data }] as const
  })
  await writeSafetensors(join(target, 'model.safetensors'), Object.fromEntries(tensors))
  return target
}

/** bfloat16 bit patterns, rounded towards zero. */
function toBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer)
  return Uint16Array.from(bits, (word) => word >>> 16)
}
