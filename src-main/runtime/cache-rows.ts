import { floatTensor, halfTensor, type Tensor } from './session.ts'

/** The shape of a cache. */
export interface CacheShape {
  /** For each layer, how many tokens a token attends to, itself included; null: all before it. */
  readonly windows: readonly (number | null)[]
  /** Number of heads of keys and values. */
  readonly heads: number
  readonly headSize: number
  /** float16 is held as bit patterns. */
  readonly type: 'float32' | 'float16'
}

/** Elements of keys and values: float32, or float16 as bit patterns. */
export type CacheElements = Float32Array | Uint16Array

/** The inputs with keys and values, each layer's by turns: `past.N.key` and `past.N.value`. */
export function cacheNames(layers: number): string[] {
  return Array.from({ length: layers }, (_, layer) => [`past.${layer}.key`, `past.${layer}.value`]).flat()
}

/**
 * Keys and values of some layers for all sequences side by side, each of them [sequences · heads, 1, capacity, headSize], in
 * memory of our own.
 */
export interface CacheRows {
  /** Makes room for so many places of each sequence, and keeps what the first `capacity` hold. */
  resize(capacity: number): void
  /** Writes rows [sequences · heads, 2 · all layers, tokens, headSize] of one sequence, from `skipped` to `count`, at a place. */
  write(
    sequence: number,
    place: number,
    rows: {
      readonly data: CacheElements
      readonly tokens: number
      readonly skipped: number
      readonly count: number
    },
  ): void
  /** Moves what a sequence holds at the places from `from` to `to` to its beginning. */
  moveToStart(sequence: number, from: number, to: number): void
  /** The graph's inputs; new ones after each `resize`. */
  tensors(): Record<string, Tensor>
}

/** @param layers whose keys and values are held */
export function createCacheRows(
  { windows, heads, headSize, type }: CacheShape,
  sequences: number,
  layers: readonly number[],
): CacheRows {
  const pairs = sequences * heads
  const allNames = cacheNames(windows.length)
  /** Of each store, keys and values of the layers by turns, its index among those of all layers. */
  const indices = layers.flatMap((layer) => [2 * layer, 2 * layer + 1])
  let capacity = 0
  let stores: (CacheElements | undefined)[] = indices.map(() => undefined)

  return {
    resize: (other) => {
      stores = stores.map((store) =>
        resized(store, { pairs, headSize, type, capacity: { before: capacity, after: other } }),
      )
      capacity = other
    },
    write: (sequence, place, { data, tokens, skipped, count }) => {
      for (let pair = sequence * heads; pair < (sequence + 1) * heads; pair++)
        stores.forEach((store, i) => {
          const start = (pair * allNames.length + indices[i]!) * tokens
          const own = data.subarray((start + skipped) * headSize, (start + count) * headSize)
          store!.set(own, (pair * capacity + place) * headSize)
        })
    },
    moveToStart: (sequence, from, to) => {
      for (const store of stores)
        for (let pair = sequence * heads; pair < (sequence + 1) * heads; pair++) {
          const base = pair * capacity * headSize
          store!.copyWithin(base, base + from * headSize, base + to * headSize)
        }
    },
    tensors: () => {
      const shape = [pairs, 1, capacity, headSize]
      return Object.fromEntries(
        stores.map((store, i) => [
          allNames[indices[i]!]!,
          store instanceof Uint16Array ? halfTensor(store, shape) : floatTensor(store!, shape),
        ]),
      )
    },
  }
}

/** Rows of all pairs, each moved to where it begins with another capacity. */
function resized(
  old: CacheElements | undefined,
  {
    pairs,
    headSize,
    type,
    capacity: { before, after },
  }: {
    readonly pairs: number
    readonly headSize: number
    readonly type: CacheShape['type']
    readonly capacity: { readonly before: number; readonly after: number }
  },
): CacheElements {
  const size = pairs * after * headSize
  const kept = Math.min(before, after) * headSize
  if (old && old.buffer.byteLength >= size * old.BYTES_PER_ELEMENT) {
    // Within the same memory, since new memory takes longer than the move: from the end that rows move towards.
    const store = type === 'float16' ? new Uint16Array(old.buffer) : new Float32Array(old.buffer)
    for (let i = 0; i < pairs; i++) {
      const pair = after > before ? pairs - 1 - i : i
      const from = pair * before * headSize
      store.copyWithin(pair * after * headSize, from, from + kept)
    }
    return store.subarray(0, size)
  }
  const store = type === 'float16' ? new Uint16Array(size) : new Float32Array(size)
  for (let pair = 0; old && pair < pairs; pair++) {
    const from = pair * before * headSize
    store.set(old.subarray(from, from + kept), pair * after * headSize)
  }
  return store
}
