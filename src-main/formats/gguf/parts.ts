import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { SpellmError } from '../../base/errors.ts'
import { invalidGguf, shown } from './errors.ts'
import { maxTensors, type GgufFile, type GgufPart, type GgufTensor } from './header.ts'
import { readField } from './metadata.ts'

/** llama.cpp's largest models have some dozens. */
const maxParts = 1_024
/** The name of a part as llama.cpp writes it: NAME-00001-of-00003.gguf. */
const partName = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/

const countSchema = z.int().min(0).max(maxParts).optional()
const indexSchema = z.int().min(0)
const tensorsSchema = z.int().min(0).max(maxTensors).optional()

/**
 * The paths of the parts that follow the first one; none of a model in one file.
 *
 * @throws SpellmError 'file-invalid' for another part than the first, more than 1,024 parts, or a name that doesn't tell
 *   those of the others
 */
export function otherParts(first: GgufPart): readonly string[] {
  const count = readField(first, 'split.count', countSchema) ?? 0
  if (count <= 1) return []
  const index = readField(first, 'split.no', indexSchema)
  const [, name, number, total] = partName.exec(basename(first.path)) ?? []
  if (name === undefined || Number(number) !== index + 1 || Number(total) !== count)
    throw invalidGguf(
      first.path,
      `is one of ${count} parts of a model, and its name doesn't end in -${fiveDigits(index + 1)}-of-${fiveDigits(count)}.gguf`,
      'Give the parts their names back: those of the others are made from that of the first.',
    )
  const pathOf = (part: number) =>
    join(dirname(first.path), `${name}-${fiveDigits(part)}-of-${fiveDigits(count)}.gguf`)
  if (index !== 0)
    throw new SpellmError(
      'file-invalid',
      `${first.path} is part ${index + 1} of ${count} of a model.`,
      `Give the path of the first part: ${pathOf(1)}`,
    )
  return Array.from({ length: count - 1 }, (_, i) => pathOf(i + 2))
}

/**
 * The parts of a model as one: metadata of the first, tensors of all.
 *
 * @param others in their order
 * @throws SpellmError 'file-invalid' for a part of another model or place, a tensor in two parts, or one that is missing
 */
export function joinParts(first: GgufPart, others: readonly GgufPart[]): GgufFile {
  const count = others.length + 1
  const tensors = new Map<string, GgufTensor>(first.tensors)
  for (const [i, part] of others.entries()) {
    requirePlace(part, i + 1, count)
    for (const [name, tensor] of part.tensors) {
      const other = tensors.get(name)
      if (other)
        throw invalidGguf(
          part.path,
          `has the tensor '${shown(name)}', which is in ${other.path}, too`,
          'Parts of two versions are mixed: download the model again.',
        )
      tensors.set(name, tensor)
    }
  }
  if (tensors.size > maxTensors)
    throw invalidGguf(first.path, `has more than ${maxTensors} tensors in its ${count} parts`)
  const wanted = others.length > 0 ? readField(first, 'split.tensors.count', tensorsSchema) : undefined
  if (wanted !== undefined && wanted !== tensors.size)
    throw invalidGguf(
      first.path,
      `its ${count} parts have ${tensors.size} tensors, where it says that they have ${wanted}`,
      'Parts of two versions are mixed: download the model again.',
    )
  return { ...first, tensors, files: [first.path, ...others.map(({ path }) => path)] }
}

/** @throws SpellmError 'file-invalid' */
function requirePlace(part: GgufPart, index: number, count: number): void {
  const found = readField(part, 'split.count', countSchema)
  if (found !== count || readField(part, 'split.no', indexSchema) !== index)
    throw invalidGguf(
      part.path,
      `is not part ${index + 1} of ${count}, as its name says`,
      'Parts of two versions are mixed, or were renamed: download the model again.',
    )
}

const fiveDigits = (part: number) => String(part).padStart(5, '0')
