import { existsSync } from 'node:fs'
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeSafetensors } from '../../src-main/formats/safetensors.ts'
import { weightShapes, type Architecture, type Norm } from '../../src-main/models/architecture.ts'
import { families } from '../../src-main/models/families/index.ts'
import { modelFolder } from '../../src-main/models/model-folder.ts'
import { seededRandom } from '../../src-main/base/random.ts'
import { shapes, type ShapeName } from './shapes.ts'

/** Weights are drawn once; each tensor repeats them from a place of its own, since onnxruntime shares equal ones. */
const pieceLength = 1_048_573

/**
 * What blocks add to the residual stream, a power of 2 for bfloat16's sake. So little that the state after a token is nearly that
 * token's embedding, and the tied head has one clear best token, as that of a real model mostly has. If blocks added as much as
 * they like, thousands of tokens would come close to the best, and heads that look at near ones would take many times as long.
 */
const added = 2 ** -8

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
  const numbers = Float32Array.from({ length: pieceLength }, () => 0.02 * random.normal())
  const piece = toBfloat16(numbers)
  const littlePiece = toBfloat16(numbers.map((value) => added * value))
  const gains = gainsOf(architecture)
  const outputs = outputsOf(architecture)
  const tensors = [...weightShapes(architecture)].map(([weight, shape]) => {
    const size = shape.reduce((a, b) => a * b, 1)
    const data =
      shape.length === 1
        ? toBfloat16(new Float32Array(size).fill(gains.get(weight) ?? 0))
        : async function* () {
            let start = Math.floor(pieceLength * random.uniform())
            for (let done = 0; done < size;) {
              const part = (outputs.has(weight) ? littlePiece : piece).subarray(start, start + size - done)
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

/** The matrices that add to the residual stream, by name. */
const outputsOf = ({ layers }: Architecture): Set<string> =>
  new Set(
    layers.flatMap(({ attention, feedForward }) => [
      attention.output.weight.name,
      feedForward.down.weight.name,
    ]),
  )

/** What norms' weights are, by name: gains of 1 but where a norm's result is added to the residual stream. */
function gainsOf({ layers, finalNorm }: Architecture): Map<string, number> {
  const found = new Map<string, number>()
  const set = (norm: Norm | null, gain: number) => {
    if (norm) found.set(norm.weight.name, norm.plusOne ? gain - 1 : gain)
  }
  for (const { attention, norms } of layers) {
    for (const norm of [attention.queryNorm, attention.keyNorm]) set(norm, 1)
    for (const norm of [norms.attentionInput, norms.feedForwardInput]) set(norm, 1)
    for (const norm of [norms.attentionOutput, norms.feedForwardOutput]) set(norm, added)
  }
  set(finalNorm, 1)
  return found
}

/** bfloat16 bit patterns, rounded towards zero. */
function toBfloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer)
  return Uint16Array.from(bits, (word) => word >>> 16)
}
