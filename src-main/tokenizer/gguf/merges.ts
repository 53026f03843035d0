import { invalidGguf, shown } from '../../formats/gguf/errors.ts'

/** A longer token would take too long to be split everywhere; real ones have up to 256 characters. */
const maxTokenLength = 1_024

/**
 * The merges that a SentencePiece vocabulary implies: each token from any two others that make it, the highest
 * `rank` first (transformers' `generate_merges`). SentencePiece itself merges the neighbours whose token has the
 * highest score.
 *
 * @param rank of the token `id`
 * @param isMerged whether the token `id` is made of others at all
 * @throws SpellmError 'file-invalid'
 */
export function impliedMerges(
  path: string,
  tokens: readonly string[],
  rank: (id: number) => number,
  isMerged: (id: number) => boolean,
): [left: string, right: string][] {
  const ids = new Map(tokens.map((token, id) => [token, id]))
  const merges: { left: string; right: string; rank: number; lengths: [number, number] }[] = []
  for (const [id, token] of tokens.entries()) {
    if (!isMerged(id) || ids.get(token) !== id) continue
    if (token.length > maxTokenLength)
      throw invalidGguf(path, `the token '${shown(token)}' has ${token.length} characters`)
    merges.push(...splitsOf(token, ids, isMerged, rank(id)))
  }
  merges.sort((a, b) => b.rank - a.rank || b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1])
  return merges.map(({ left, right }) => [left, right])
}

function splitsOf(
  token: string,
  ids: ReadonlyMap<string, number>,
  isMerged: (id: number) => boolean,
  rank: number,
) {
  const characters = Array.from(token)
  const splits: { left: string; right: string; rank: number; lengths: [number, number]; order: number[] }[] =
    []
  for (
    let at = 1, units = characters[0]?.length ?? 0;
    at < characters.length;
    units += characters[at++]!.length
  ) {
    const left = token.slice(0, units)
    const leftId = ids.get(left)
    if (leftId === undefined || !isMerged(leftId)) continue
    const right = token.slice(units)
    const rightId = ids.get(right)
    if (rightId === undefined || !isMerged(rightId)) continue
    splits.push({ left, right, rank, lengths: [at, characters.length - at], order: [leftId, rightId] })
  }
  return splits.sort((a, b) => a.order[0]! - b.order[0]! || a.order[1]! - b.order[1]!)
}
