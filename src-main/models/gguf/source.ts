import { z } from 'zod'
import {
  invalidGguf,
  readableTypes,
  readField,
  readGgufRows,
  unsupportedGguf,
  type GgufFile,
} from '../../formats/gguf.ts'
import { readGgufStopTokens } from '../../tokenizer/gguf/chat.ts'
import type { Architecture } from '../architecture.ts'
import type { ModelSource } from '../model-source.ts'
import { withSlowedRotary, type Adaptation } from './adaptations.ts'
import { ggufWeights } from './gguf-weights.ts'
import { Hyperparameters } from './hyperparameters.ts'
import { layouts, modelTypes } from './layouts.ts'
import { longRopeTensors } from './rotary.ts'

const tokenId = z.int().min(0).optional()
const slowedRotary = 'rope_freqs.weight'

/**
 * Reads a GGUF's description of its model, as if it were a folder with config.json.
 *
 * @throws SpellmError 'file-invalid' | 'model-unsupported'
 */
export async function openGgufSource(file: GgufFile): Promise<ModelSource> {
  const name = readField(file, 'general.architecture', z.string())
  const layout = layouts.get(name)
  if (!layout)
    throw unsupportedGguf(
      file.path,
      `the architecture '${name.slice(0, 60)}' is not supported in GGUF files; supported are ${[...layouts.keys()].join(', ')}`,
      'Choose a model of a supported architecture, or its folder with safetensors weights.',
    )
  const parameters = new Hyperparameters(file, name)
  const fields = layout.config(parameters)
  parameters.requireAllKnown()
  const embedding = file.tensors.get('token_embd.weight')
  if (!embedding) throw invalidGguf(file.path, "the tensor 'token_embd.weight' is missing")
  const heads = parameters.count('attention.head_count')
  return {
    config: {
      model_type: modelTypes.get(name) ?? name,
      ...fields,
      ...(await longRopeFactors(file, fields)),
      vocab_size: embedding.shape[0]!,
      bos_token_id: readField(file, 'tokenizer.ggml.bos_token_id', tokenId),
      eos_token_id: readField(file, 'tokenizer.ggml.eos_token_id', tokenId),
    },
    file: file.path,
    files: file.files,
    checkpoint: ggufWeights(file, layout, {
      query: heads,
      key: parameters.optionalCount('attention.head_count_kv') ?? heads,
    }),
    readableTypes: [...readableTypes.keys()],
    stopTokens: readGgufStopTokens(file),
    adapt: await adaptationOf(file, layout.adaptations ?? []),
    messages: {
      described: 'the metadata',
      incomplete: 'Download the file again, or choose one that another program wrote.',
    },
  }
}

async function adaptationOf(file: GgufFile, adaptations: readonly Adaptation[]): Promise<Adaptation> {
  const factors = await readFactors(file, slowedRotary)
  const slowed = factors && withSlowedRotary(factors)
  return (architecture) => {
    if (factors) requireFactors(file, architecture, factors)
    return [...adaptations, ...(slowed ? [slowed] : [])].reduce(
      (changed, adapt) => adapt(changed),
      architecture,
    )
  }
}

/** The rotary scaling with the factors of LongRoPE, which are tensors. */
async function longRopeFactors(
  file: GgufFile,
  { rope_scaling: scaling }: Readonly<Record<string, unknown>>,
): Promise<{ readonly rope_scaling?: object }> {
  const long = await readFactors(file, longRopeTensors.long)
  const short = await readFactors(file, longRopeTensors.short)
  if (!long || !short || typeof scaling !== 'object') return {}
  return { rope_scaling: { ...scaling, long_factor: [...long], short_factor: [...short] } }
}

const maxFactors = 1_024

async function readFactors(file: GgufFile, name: string): Promise<Float32Array | null> {
  const tensor = file.tensors.get(name)
  if (!tensor) return null
  if (tensor.shape.length !== 1 || tensor.shape[0]! > maxFactors || tensor.type.name !== 'F32')
    throw invalidGguf(file.path, `the tensor '${name}' isn't a list of up to ${maxFactors} factors in F32`)
  const factors = await readGgufRows(tensor, 0, tensor.shape[0]!)
  if (!factors.every((factor) => factor > 0 && Number.isFinite(factor)))
    throw invalidGguf(file.path, `the tensor '${name}' holds a factor that is not positive`)
  return factors
}

function requireFactors(file: GgufFile, { layers }: Architecture, factors: Float32Array): void {
  for (const { attention } of layers) {
    const { rotary } = attention
    if (!rotary) continue
    if (rotary.beyond)
      throw unsupportedGguf(file.path, `'${slowedRotary}' with another rotary scaling is not supported`)
    if (rotary.frequencies.length !== factors.length)
      throw invalidGguf(
        file.path,
        `the tensor '${slowedRotary}' has ${factors.length} factors, the rotary embedding ${rotary.frequencies.length} frequencies`,
      )
  }
}
