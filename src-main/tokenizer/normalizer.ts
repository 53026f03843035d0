import { z } from 'zod'
import { requireModestGrowth } from './growth.ts'
import { build, fieldOf, readFields, type Builder, type JsonPath } from './json-path.ts'
import { readReplacement } from './pattern.ts'
import { precompiledNormalizer } from './precompiled.ts'

/** Changes a text, or the part of one between two added tokens, before it is split. */
export type Normalizer = (text: string) => string

/** @throws SpellmError 'file-invalid' | 'model-unsupported' */
export function buildNormalizer(json: unknown, place: JsonPath): Normalizer {
  return json === null || json === undefined ? (text) => text : build(builders, json, place)
}

const bare = z.strictObject({ type: z.string() })

function unicodeForm(form: 'NFC' | 'NFD' | 'NFKC' | 'NFKD'): Builder<Normalizer> {
  return (json, place) => {
    readFields(bare, json, place)
    return (text) => text.normalize(form)
  }
}

const builders: ReadonlyMap<string, Builder<Normalizer>> = new Map<string, Builder<Normalizer>>([
  ['NFC', unicodeForm('NFC')],
  ['NFD', unicodeForm('NFD')],
  ['NFKC', unicodeForm('NFKC')],
  ['NFKD', unicodeForm('NFKD')],
  [
    'Sequence',
    (json, place) => {
      const { normalizers } = readFields(
        z.strictObject({ type: z.string(), normalizers: z.array(z.unknown()).max(100) }),
        json,
        place,
      )
      const parts = normalizers.map((part, i) =>
        buildNormalizer(part, fieldOf(fieldOf(place, 'normalizers'), i)),
      )
      return (text) =>
        parts.reduce((current, part) => {
          const next = part(current)
          requireModestGrowth(text.length, next.length, place)
          return next
        }, text)
    },
  ],
  [
    'Prepend',
    (json, place) => {
      const { prepend } = readFields(z.strictObject({ type: z.string(), prepend: z.string() }), json, place)
      return (text) => (text === '' ? '' : prepend + text)
    },
  ],
  ['Replace', readReplacement],
  [
    'Strip',
    (json, place) => {
      const { strip_left, strip_right } = readFields(
        z.strictObject({ type: z.string(), strip_left: z.boolean(), strip_right: z.boolean() }),
        json,
        place,
      )
      return (text) => {
        const start = strip_left ? text.replace(/^\p{White_Space}+/u, '') : text
        return strip_right ? start.slice(0, start.length - trailingSpace(start)) : start
      }
    },
  ],
  [
    'Lowercase',
    (json, place) => {
      readFields(bare, json, place)
      // One character at a time, as the reference does: JavaScript's own looks at the context of a Greek sigma.
      return (text) => Array.from(text, (character) => character.toLowerCase()).join('')
    },
  ],
  ['Precompiled', precompiledNormalizer],
])

function trailingSpace(text: string): number {
  let length = 0
  while (length < text.length && /\p{White_Space}/u.test(text[text.length - 1 - length]!)) length++
  return length
}
