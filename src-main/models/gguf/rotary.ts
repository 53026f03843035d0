import { unsupportedGguf } from '../../formats/gguf.ts'
import type { Hyperparameters } from './hyperparameters.ts'

/** The size of a head, and that of its values, which must be the same. */
function headSizeOf(parameters: Hyperparameters, usual: number): number {
  const keys = parameters.optionalCount('attention.key_length') ?? usual
  const values = parameters.optionalCount('attention.value_length') ?? keys
  if (keys !== values)
    throw unsupportedGguf(
      parameters.file.path,
      `keys have ${keys} dimensions a head and values ${values}, which is not supported`,
    )
  return keys
}

/**
 * The size of a head whose dimensions are all rotated.
 *
 * @param usual where the file doesn't say it
 * @throws SpellmError 'model-unsupported' where only some of them are
 */
export function wholeRotary(parameters: Hyperparameters, usual: number): number {
  // Older files of Llama name the heads' size nowhere else.
  const rotated = parameters.optionalCount('rope.dimension_count')
  const headSize = headSizeOf(parameters, usual)
  if (rotated !== undefined && rotated !== headSize)
    throw unsupportedGguf(
      parameters.file.path,
      `only ${rotated} of a head's ${headSize} dimensions are rotated, which is not supported for this architecture`,
    )
  return headSize
}

/** config.json's share of a head's dimensions that are rotated. */
export function partialRotary(
  parameters: Hyperparameters,
  usual: number,
): { readonly partial_rotary_factor?: number } {
  const headSize = headSizeOf(parameters, usual)
  const rotated = parameters.optionalCount('rope.dimension_count') ?? headSize
  if (headSize !== usual || rotated > headSize)
    throw unsupportedGguf(
      parameters.file.path,
      `heads have ${headSize} dimensions, of which ${rotated} are rotated, where ${usual} are expected`,
    )
  if (rotated === headSize) return {}
  const share = rotated / headSize
  // Whoever reads it rounds down, and the product may be less than the number that was divided.
  return {
    partial_rotary_factor: Math.trunc(share * headSize) === rotated ? share : (rotated + 0.5) / headSize,
  }
}

/** config.json's `rope_scaling` from the keys 'rope.scaling.…'. */
export function rotaryScaling(parameters: Hyperparameters): Readonly<Record<string, unknown>> {
  const kind = parameters.optionalText('rope.scaling.type') ?? 'none'
  const factor = parameters.optionalNumber('rope.scaling.factor')
  const original = parameters.optionalCount('rope.scaling.original_context_length')
  const older = parameters.optionalNumber('rope.scale_linear')
  if (kind === 'none') {
    const plain = older ?? factor
    // A file that gives a factor and no kind means a linear one, as llama.cpp reads it.
    return plain === undefined || plain === 1 || plain === 0
      ? {}
      : { rope_scaling: { rope_type: 'linear', factor: plain } }
  }
  if (kind === 'linear' && factor !== undefined) return { rope_scaling: { rope_type: 'linear', factor } }
  if (kind === 'yarn' && factor !== undefined)
    return {
      rope_scaling: {
        rope_type: 'yarn',
        factor,
        ...(original !== undefined && { original_max_position_embeddings: original }),
      },
    }
  throw unsupportedGguf(
    parameters.file.path,
    `the rotary scaling '${kind.slice(0, 40)}' is not supported for this architecture`,
  )
}

/** The names of the tensors with LongRoPE's factors. */
export const longRopeTensors = {
  long: 'rope_factors_long.weight',
  short: 'rope_factors_short.weight',
} as const

/** Phi's LongRoPE but for its factors, which are tensors. */
export function longRope(parameters: Hyperparameters): Readonly<Record<string, unknown>> {
  const { tensors } = parameters.file
  const original = parameters.optionalCount('rope.scaling.original_context_length')
  const magnitude = parameters.optionalNumber('rope.scaling.attn_factor')
  if (!tensors.has(longRopeTensors.long) && !tensors.has(longRopeTensors.short))
    return rotaryScaling(parameters)
  return {
    ...(original !== undefined && { original_max_position_embeddings: original }),
    rope_scaling: {
      rope_type: 'longrope',
      ...(magnitude !== undefined && { attention_factor: magnitude }),
    },
  }
}
