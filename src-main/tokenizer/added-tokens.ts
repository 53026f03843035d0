import { z } from 'zod'
import { tokenId } from './vocabulary.ts'

/** Tokens that are looked for in the text itself, before anything is split. */
export const addedTokensSchema = z
  .array(
    z.looseObject({
      id: tokenId,
      content: z.string(),
      single_word: z.boolean().default(false),
      lstrip: z.boolean().default(false),
      rstrip: z.boolean().default(false),
      special: z.boolean().default(false),
      normalized: z.boolean().optional(),
    }),
  )
  .default([])
export type AddedToken = z.infer<typeof addedTokensSchema>[number]

/** A part of a text: one added token (its id), or what is between them. */
interface Section {
  readonly text: string
  readonly token: number | null
  /** Whether it begins the text that was split. */
  readonly isFirst: boolean
}

/** Finds added tokens in a text. */
export type SectionSplitter = (text: string, skipSpecial: boolean) => Section[]

interface Node {
  readonly next: Map<number, Node>
  token: AddedToken | null
}

/**
 * Finds the longest added token at each place, from left to right.
 *
 * @param written how a token is written in the texts that will come
 */
export function createSectionSplitter(
  tokens: readonly AddedToken[],
  written: (token: AddedToken) => string,
): SectionSplitter {
  const root: Node = { next: new Map(), token: null }
  for (const token of tokens) {
    let node = root
    const text = written(token)
    for (let i = 0; i < text.length; i++) {
      let next = node.next.get(text.charCodeAt(i))
      if (!next) node.next.set(text.charCodeAt(i), (next = { next: new Map(), token: null }))
      node = next
    }
    if (node !== root) node.token = token
  }

  const longestAt = (text: string, at: number): { token: AddedToken; end: number } | null => {
    let found: { token: AddedToken; end: number } | null = null
    let node = root.next.get(text.charCodeAt(at))
    for (let end = at + 1; node; node = node.next.get(text.charCodeAt(end++)))
      if (node.token) found = { token: node.token, end }
    return found
  }

  return (text, skipSpecial) => {
    const sections: Section[] = []
    let from = 0
    const push = (start: number, end: number, token: number | null) =>
      sections.push({ text: text.slice(start, end), token, isFirst: start === 0 })
    for (let at = 0; at < text.length;) {
      const found = longestAt(text, at)
      if (!found) {
        at++
        continue
      }
      const { token, end } = found
      const start = at
      at = end
      if (skipSpecial && token.special) continue
      if (token.single_word && (endsWithWord(text, start) || startsWithWord(text, end))) continue
      const spacedStart = token.lstrip ? Math.max(from, skipSpaceBack(text, start)) : start
      const spacedEnd = token.rstrip ? skipSpace(text, end) : end
      if (from < spacedStart) push(from, spacedStart, null)
      push(spacedStart, spacedEnd, token.id)
      from = spacedEnd
    }
    if (from < text.length) push(from, text.length, null)
    return sections
  }
}

const wordCharacter = /[\p{L}\p{M}\p{N}\p{Pc}]/u
const space = /\p{White_Space}/u

function startsWithWord(text: string, at: number): boolean {
  return at < text.length && wordCharacter.test(String.fromCodePoint(text.codePointAt(at)!))
}

function endsWithWord(text: string, at: number): boolean {
  if (at === 0) return false
  const low = text.charCodeAt(at - 1)
  return wordCharacter.test(text.slice(low >= 0xdc00 && low <= 0xdfff ? at - 2 : at - 1, at))
}

function skipSpace(text: string, at: number): number {
  while (at < text.length && space.test(text[at]!)) at++
  return at
}

function skipSpaceBack(text: string, at: number): number {
  while (at > 0 && space.test(text[at - 1]!)) at--
  return at
}
