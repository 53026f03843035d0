import { toRegExp } from 'oniguruma-to-es'
import { z } from 'zod'
import { maxGrowth, requireModestGrowth } from './growth.ts'
import { fieldOf, invalid, readFields, type JsonPath } from './json-path.ts'

const maxPatternLength = 20_000

const patternSchema = z.union([
  z.strictObject({ String: z.string().max(maxPatternLength) }),
  z.strictObject({ Regex: z.string().max(maxPatternLength) }),
])

/** The field `pattern` of a part: a text, or a regular expression in Oniguruma's dialect, as a global RegExp. */
export function readPattern(json: unknown, parent: JsonPath): RegExp {
  const place = fieldOf(parent, 'pattern')
  const pattern = readFields(patternSchema, json, place)
  if ('String' in pattern) return textPattern(pattern.String)
  try {
    const expression = toRegExp(pattern.Regex, { global: true })
    // V8 compiles at the first use, and only then finds an expression too large.
    expression.test('')
    expression.lastIndex = 0
    return expression
  } catch (error) {
    throw invalid(
      place,
      `not a regular expression that can be used (${error instanceof Error ? error.message : String(error)})`,
    )
  }
}

const replaceSchema = z.strictObject({ type: z.string(), pattern: z.unknown(), content: z.string() })

/** A part of the type `Replace`: puts its content in place of what its pattern matches. */
export function readReplacement(json: unknown, place: JsonPath): (text: string) => string {
  const { pattern, content } = readFields(replaceSchema, json, place)
  const expression = readPattern(pattern, place)
  // There is at most one match a character.
  if (content.length < maxGrowth) return (text) => text.replace(expression, () => content)
  return (text) => {
    let replaced = ''
    let from = 0
    for (const match of text.matchAll(expression)) {
      replaced += text.slice(from, match.index) + content
      from = match.index + match[0].length
      requireModestGrowth(text.length, replaced.length, place)
    }
    return replaced + text.slice(from)
  }
}

function textPattern(text: string): RegExp {
  return text === '' ? /(?!)/g : new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gu')
}
