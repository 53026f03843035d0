import type { Random } from '../random.ts'

/** Draws an index below `count` with the probability shareOf(index) / total; of what rounding leaves, the last that has any. */
export function drawFrom(
  count: number,
  total: number,
  shareOf: (index: number) => number,
  random: Random,
): number {
  let left = random.uniform() * total
  let last = 0
  for (let index = 0; index < count; index++) {
    const share = shareOf(index)
    if (share <= 0) continue
    last = index
    left -= share
    if (left < 0) break
  }
  return last
}
