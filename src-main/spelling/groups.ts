import { z } from 'zod'
import { SpellmError } from '../base/errors.ts'
import type { GroupAlphabet } from './alphabet.ts'

/** Groups that a step reads where nobody says how many. */
const usualRead = 8
/** Groups of a large vocabulary, and about how many tokens one of a small vocabulary has. */
const usualGroups = 1_024
const usualSize = 40
const mostGroups = 16_384

/** How learned groups are asked for. */
export interface AskedGroups {
  /** null: as many as suit the vocabulary. */
  readonly groups: number | null
  /** Groups that a step reads. */
  readonly read: number
}

const counts = z.tuple([z.int().min(1).max(mostGroups).nullable(), z.int().min(1).max(mostGroups)])

/**
 * What `groups`, `groups:G` or `groups:G:N` asks for: G groups, of which a step reads N. Null: another alphabet.
 *
 * @throws SpellmError setting-invalid for other numbers than 1 to 16,384
 */
export function parseGroups(description: string): AskedGroups | null {
  if (!/^groups(:|$)/.test(description)) return null
  const [, groups = null, read = usualRead, ...more] = description.split(':').map(Number)
  const parsed = counts.safeParse([groups, read])
  if (parsed.success && more.length === 0) return { groups: parsed.data[0], read: parsed.data[1] }
  throw new SpellmError(
    'setting-invalid',
    `alphabet: ${JSON.stringify(description.slice(0, 40))}, expected groups, groups:G or groups:G:N with numbers from 1 to ${mostGroups}`,
    'Use groups, or for example groups:1024:2 for 1,024 groups of which a step reads 2.',
  )
}

/** How many groups a vocabulary is divided into. */
export function groupCount({ groups }: AskedGroups, vocabularySize: number): number {
  return groups ?? Math.max(1, Math.min(usualGroups, Math.floor(vocabularySize / usualSize)))
}

/**
 * The alphabet of learned groups.
 *
 * @param groupOf of each token, [V]; not read for token symbols
 * @param read groups that a step reads
 * @throws SpellmError setting-invalid where no token is left for groups
 */
export function groupAlphabet(
  groupOf: ArrayLike<number>,
  tokenSymbols: readonly number[],
  read: number,
): GroupAlphabet {
  const symbols = new Set(tokenSymbols)
  const groups = new Map<number, number[]>()
  for (let token = 0; token < groupOf.length; token++) {
    if (symbols.has(token)) continue
    const group = groupOf[token]!
    const members = groups.get(group)
    if (members) members.push(token)
    else groups.set(group, [token])
  }
  if (groups.size === 0)
    throw new SpellmError(
      'setting-invalid',
      'alphabet: every token is a token symbol, so that no group has any',
      'Choose fewer token symbols, or another alphabet.',
    )
  const ordered = [...groups].sort(([a], [b]) => a - b).map(([, members]) => members)
  return { unit: 'group', groups: ordered, read, specialTokens: [], tokenSymbols }
}

/** Rows of the LM head that a step reads of groups, where a token's group is as likely as it is large. */
export function memberRows({ groups, read }: Pick<GroupAlphabet, 'groups' | 'read'>): number {
  let members = 0
  let squares = 0
  for (const { length } of groups) {
    members += length
    squares += length * length
  }
  return members === 0 ? 0 : Math.min(members, (read * squares) / members)
}
