/** A stream of pseudo-random numbers; the same seed always gives the same stream. */
export interface Random {
  /** In [0, 1). */
  uniform: () => number
  /** A whole number in [0, limit). */
  below: (limit: number) => number
  /** True with the given probability. */
  chance: (probability: number) => boolean
  /** One item of a list that isn't empty. */
  pick: <Item>(items: readonly Item[]) => Item
  /** From the standard normal distribution (Box & Muller 1958). */
  normal: () => number
}

/** Makes a stream from a 32-bit seed with Tommy Ettinger's mulberry32 generator (public domain). */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(uniform() * limit)
  return {
    uniform,
    below,
    chance: (probability) => uniform() < probability,
    pick: (items) => {
      const item = items[below(items.length)]
      if (item === undefined) throw new RangeError('pick: the list is empty')
      return item
    },
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  }
}

/** The numbers 0..count−1 in a random order (Fisher & Yates). */
export function shuffledIndices(count: number, random: Random): Uint32Array {
  const indices = Uint32Array.from({ length: count }, (_, i) => i)
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1)
    const swapped = indices[i]!
    indices[i] = indices[j]!
    indices[j] = swapped
  }
  return indices
}

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
