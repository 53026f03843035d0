import type { z } from 'zod'
import { SpellmError } from '../base/errors.ts'

/** Where something stands in a file, for messages. */
export interface JsonPath {
  readonly file: string
  /** Such as 'pre_tokenizer.pretokenizers.0'. */
  readonly field: string
}

/** The place of a field within that of its parent. */
export function fieldOf({ file, field }: JsonPath, name: string | number): JsonPath {
  return { file, field: `${field}.${name}` }
}

/** What this file asks for can't be done; a guess would give wrong tokens. */
export function unsupported({ file, field }: JsonPath, what: string): SpellmError {
  return new SpellmError(
    'model-unsupported',
    `${file}: ${field}: ${what} is not supported.`,
    'Choose a model whose tokenizer is of a supported kind: byte-level or SentencePiece BPE, or Unigram.',
  )
}

/** The file contradicts itself or its format. */
export function invalid({ file, field }: JsonPath, problem: string): SpellmError {
  return new SpellmError('file-invalid', `${file}: ${field}: ${problem}.`, 'Download this file again.')
}

/** A name from a file, short enough for a message. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name)
}

/**
 * Checks a part of the file. Fields that the schema doesn't know are refused, because they may change the tokens.
 *
 * @throws SpellmError 'file-invalid' | 'model-unsupported'
 */
export function readFields<T>(schema: z.ZodType<T>, json: unknown, place: JsonPath): T {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  if (issue.code === 'unrecognized_keys') throw unsupported(place, `the field ${quoted(issue.keys[0]!)}`)
  throw invalid(
    issue.path.reduce<JsonPath>((at, name) => fieldOf(at, String(name)), place),
    issue.message,
  )
}

/** Builds one part of the pipeline from its JSON. */
export type Builder<Part> = (json: object, place: JsonPath) => Part

/**
 * Builds a part by its field `type`.
 *
 * @throws SpellmError 'model-unsupported' for a type that isn't in the table
 */
export function build<Part>(
  builders: ReadonlyMap<string, Builder<Part>>,
  json: unknown,
  place: JsonPath,
): Part {
  if (typeof json !== 'object' || json === null || !('type' in json) || typeof json.type !== 'string')
    throw invalid(place, "expected an object with a field 'type'")
  const builder = builders.get(json.type)
  if (!builder) throw unsupported(place, `the type ${quoted(json.type)}`)
  return builder(json, place)
}
