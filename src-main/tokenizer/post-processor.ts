import { z } from 'zod'
import { build, fieldOf, readFields, type Builder, type JsonPath } from './json-path.ts'
import { tokenId } from './vocabulary.ts'

/** The tokens that the tokenizer puts around a text that stands alone. */
export interface Frame {
  readonly before: readonly number[]
  readonly after: readonly number[]
}

const noFrame: Frame = { before: [], after: [] }

/** @throws SpellmError 'file-invalid' | 'model-unsupported' */
export function buildFrame(json: unknown, place: JsonPath): Frame {
  return json === null || json === undefined ? noFrame : build(builders, json, place)
}

const templatePiece = z.union([
  z.strictObject({ SpecialToken: z.looseObject({ id: z.string() }) }),
  z.strictObject({ Sequence: z.looseObject({ id: z.enum(['A', 'B']) }) }),
])
const namedToken = z.tuple([z.string(), tokenId])

const clsAndSep: Builder<Frame> = (json, place) => {
  const { cls, sep } = readFields(z.looseObject({ cls: namedToken, sep: namedToken }), json, place)
  return { before: [cls[1]], after: [sep[1]] }
}

const builders: ReadonlyMap<string, Builder<Frame>> = new Map<string, Builder<Frame>>([
  // Moves offsets only.
  ['ByteLevel', () => noFrame],
  ['BertProcessing', clsAndSep],
  ['RobertaProcessing', clsAndSep],
  [
    'TemplateProcessing',
    (json, place) => {
      const { single, special_tokens } = readFields(
        z.looseObject({
          single: z.array(templatePiece),
          special_tokens: z.record(z.string(), z.looseObject({ ids: z.array(tokenId) })),
        }),
        json,
        place,
      )
      const text = single.findIndex((piece) => 'Sequence' in piece)
      const tokensOf = (pieces: typeof single) =>
        pieces.flatMap((piece) =>
          'SpecialToken' in piece ? (special_tokens[piece.SpecialToken.id]?.ids ?? []) : [],
        )
      return {
        before: tokensOf(text < 0 ? single : single.slice(0, text)),
        after: tokensOf(text < 0 ? [] : single.slice(text)),
      }
    },
  ],
  [
    'Sequence',
    (json, place) => {
      const { processors } = readFields(
        z.looseObject({ processors: z.array(z.unknown()).max(100) }),
        json,
        place,
      )
      return processors
        .map((part, i) => buildFrame(part, fieldOf(fieldOf(place, 'processors'), i)))
        .reduce(
          (inner, outer) => ({
            before: [...outer.before, ...inner.before],
            after: [...inner.after, ...outer.after],
          }),
          noFrame,
        )
    },
  ],
])
