import { z } from 'zod'
import { byteSymbols } from './byte-symbols.ts'
import { fieldOf, invalid, quoted, readFields, unsupported, type JsonPath } from './json-path.ts'
import { readReplacement } from './pattern.ts'

/** What tokens stand for. */
export interface TokenDecoder {
  /** The bytes that a token adds to a text before it. */
  bytesOf(content: string): Uint8Array
  /** The bytes of a token that begins a text: there some tokenizers drop the space that stands for a word's beginning. */
  firstBytesOf(content: string): Uint8Array
}

const stripSchema = z.strictObject({
  type: z.string(),
  content: z.string().length(1),
  start: z.int().min(0).max(1),
  stop: z.literal(0),
})

const metaspaceSchema = z.strictObject({
  type: z.string(),
  replacement: z.string().default('▁'),
  prepend_scheme: z.enum(['first', 'always', 'never']).default('always'),
  split: z.boolean().optional(),
  add_prefix_space: z.boolean().optional(),
  str_rep: z.string().optional(),
})

const encoder = new TextEncoder()

/**
 * The decoder of a file, as a function of single tokens. Decoders whose tokens depend on their neighbours in any
 * other way than at the text's beginning are refused.
 *
 * @throws SpellmError 'file-invalid' | 'model-unsupported'
 */
export function buildDecoder(json: unknown, place: JsonPath): TokenDecoder {
  const steps = flatten(json, place)
  if (steps.length === 1 && steps[0]!.type === 'ByteLevel')
    return { bytesOf: byteLevelBytes, firstBytesOf: byteLevelBytes }

  const replacements: Replacement[] = []
  let hasByteFallback = false
  let isFused = false
  /** Where a text's first token differs. */
  let firstTextOf: ((content: string) => string) | null = null
  for (const { type, json, place } of steps) {
    const isIn = (order: boolean) => {
      if (!order) throw unsupported(place, `the decoder ${quoted(type)} after the ones before it`)
    }
    switch (type) {
      case 'Replace': {
        isIn(!hasByteFallback && !isFused && !firstTextOf)
        replacements.push(readReplacement(json, place))
        break
      }
      case 'ByteFallback':
        isIn(!hasByteFallback && !isFused && !firstTextOf)
        hasByteFallback = true
        break
      case 'Fuse':
        isIn(!isFused && !firstTextOf)
        isFused = true
        break
      case 'Strip': {
        isIn(isFused && !firstTextOf)
        const { content, start } = readFields(stripSchema, json, place)
        if (start === 1)
          firstTextOf = (token) => {
            const text = chain(replacements, token)
            return text.startsWith(content) ? text.slice(content.length) : text
          }
        break
      }
      case 'Metaspace': {
        isIn(!isFused && !firstTextOf)
        const { replacement, ...fields } = readFields(metaspaceSchema, json, place)
        if (fields.prepend_scheme !== 'never' && fields.add_prefix_space !== false) {
          // The reference drops every one in the first token, not just the one before the word.
          const before = [...replacements]
          firstTextOf = (content) => chain(before, content).replaceAll(replacement, '')
        }
        replacements.push((text) => text.replaceAll(replacement, ' '))
        break
      }
      default:
        throw unsupported(place, `the decoder ${quoted(type)}`)
    }
  }

  const byteOf = (content: string) => {
    const digits = hasByteFallback ? /^<0x([0-9A-Fa-f]{2})>$/.exec(content)?.[1] : undefined
    return digits === undefined ? undefined : parseInt(digits, 16)
  }
  const bytesOf = (content: string) => {
    const byte = byteOf(content)
    return byte === undefined ? encoder.encode(chain(replacements, content)) : Uint8Array.of(byte)
  }
  return {
    bytesOf,
    firstBytesOf: (content) =>
      firstTextOf && byteOf(content) === undefined ? encoder.encode(firstTextOf(content)) : bytesOf(content),
  }
}

type Replacement = (text: string) => string

function chain(replacements: readonly Replacement[], content: string): string {
  return replacements.reduce((text, replace) => replace(text), content)
}

interface Step {
  readonly type: string
  readonly json: object
  readonly place: JsonPath
}

function flatten(json: unknown, place: JsonPath): Step[] {
  if (json === null || json === undefined)
    throw unsupported(place, "a tokenizer without a decoder (it doesn't say how its tokens become text)")
  if (typeof json !== 'object' || !('type' in json) || typeof json.type !== 'string')
    throw invalid(place, "expected an object with a field 'type'")
  if (json.type !== 'Sequence') return [{ type: json.type, json, place }]
  const { decoders } = readFields(
    z.strictObject({ type: z.string(), decoders: z.array(z.unknown()).min(1).max(100) }),
    json,
    place,
  )
  return decoders.flatMap((part, i) => flatten(part, fieldOf(fieldOf(place, 'decoders'), i)))
}

const byteOfSymbol: ReadonlyMap<string, number> = new Map(byteSymbols.map((symbol, byte) => [symbol, byte]))

function byteLevelBytes(content: string): Uint8Array {
  const bytes = Array.from(content, (character) => byteOfSymbol.get(character))
  // A token with a character outside of the table was added by hand and stands for itself.
  return bytes.every((byte) => byte !== undefined) ? Uint8Array.from(bytes) : encoder.encode(content)
}
