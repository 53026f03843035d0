import { SpellmError } from '../../base/errors.ts'

/** A name from a file, short enough for a message. */
export const shown = (name: string): string => (name.length > 80 ? `${name.slice(0, 80)}…` : name)

/** The file contradicts itself or its format. */
export function invalidGguf(
  path: string,
  problem: string,
  remedy = 'The file is damaged or incomplete: download it again.',
): SpellmError {
  return new SpellmError('file-invalid', `${path}: ${problem}.`, remedy)
}

/** The file is as it should be, but asks for what we don't have. */
export function unsupportedGguf(
  path: string,
  problem: string,
  remedy = 'Choose another GGUF file of the model, or its folder with safetensors weights.',
): SpellmError {
  return new SpellmError('model-unsupported', `${path}: ${problem}.`, remedy)
}
