import type { RowLogits } from '../models/row-logits.ts'
import { alphabetSize, type GroupAlphabet } from '../spelling/alphabet.ts'
import type { FirstStep } from './first-choice.ts'

/**
 * Reads the groups that a step is likeliest to need.
 *
 * @param hidden of the state, [d]
 * @param step with the context's tokens
 * @param shares what each group holds without them, [A]
 */
export type GroupReader = (hidden: Float32Array, step: FirstStep, shares: Float64Array) => Promise<FirstStep>

/**
 * Reads groups whole: each of their tokens gets an exact score, those of the context have theirs.
 *
 * @param least what a group that is read holds beside the best exact score: more than this
 */
export function createGroupReader(
  alphabet: GroupAlphabet,
  { rows, least }: { readonly rows: Pick<RowLogits, 'logits'>; readonly least: number },
): GroupReader {
  const { groups, read, tokenSymbols } = alphabet
  const start = tokenSymbols.length + alphabetSize(alphabet)
  return async (hidden, { scores, exact }, shares) => {
    const { count, tokens, firstSymbols } = exact
    const known = likeliest(shares.subarray(0, groups.length), read, least)
    const ofContext = new Set(tokens.subarray(0, count))
    const members: number[] = []
    const groupOf: number[] = []
    for (const group of known)
      for (const token of groups[group]!)
        if (!ofContext.has(token)) {
          members.push(token)
          groupOf.push(group)
        }
    const own = new Float32Array(start + count + members.length)
    own.set(scores.subarray(0, start + count))
    if (members.length > 0) own.set(await rows.logits(hidden, members), start + count)
    return {
      scores: own,
      exact: {
        ...exact,
        count: count + members.length,
        tokens: joined(tokens.subarray(0, count), members),
        firstSymbols: joined(firstSymbols.subarray(0, count), groupOf),
        known,
      },
    }
  }
}

/** The places of the `most` largest shares of more than `least`, largest first. */
function likeliest(shares: Float64Array, most: number, least: number): number[] {
  const places: number[] = []
  for (let place = 0; place < shares.length; place++) if (shares[place]! > least) places.push(place)
  return places.sort((a, b) => shares[b]! - shares[a]! || a - b).slice(0, most)
}

function joined(first: Int32Array, second: readonly number[]): Int32Array {
  const both = new Int32Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
