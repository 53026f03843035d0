import { maskedScore } from './masks.ts'
import { floatTensor, halfTensor, type Feeds } from './session.ts'

/** The shape of one layer's keys (and of its values). */
export interface CacheShape {
  readonly layers: number
  /** Of keys and values. */
  readonly heads: number
  readonly headSize: number
  /** float16 is held as bit patterns. */
  readonly type: 'float32' | 'float16'
  /** Whether the graph reads where each place of the cache stands in the text. */
  readonly tellsPositions: boolean
}

/** Keys and values of the tokens that a model has seen of one sequence, which its graph reads and adds to. */
export interface KeyValueCache {
  /** Tokens held. */
  readonly length: number
  /**
   * Makes room for so many new tokens of each sequence, where the graph puts their rows into place.
   *
   * @throws SpellmError 'out-of-memory'
   */
  makeRoom(tokens: number): Promise<void>
  /**
   * The graph's inputs, the same for all sequences side by side: `past.N.key` and `past.N.value` of each layer, and what
   * tells which of their places are taken, where the graph can't tell.
   */
  feeds(): Feeds
  /**
   * Adds this sequence's first `count` tokens of the rows [sequences · heads, 2 · layers, tokens, headSize], keys and
   * values of the layers by turns; null where the graph has put them into place.
   */
  append(rows: Elements | null, tokens: number, count?: number): void
  /** Forgets all tokens from `length` on. */
  truncate(length: number): void
  /** Frees what it holds of a device's memory, also that of the sequences beside it. It can't be read afterwards. */
  release(): void
}

/** The inputs with keys and values, each layer's by turns: `past.N.key` and `past.N.value`. */
export function cacheNames(layers: number): string[] {
  return Array.from({ length: layers }, (_, layer) => [`past.${layer}.key`, `past.${layer}.value`]).flat()
}

type Elements = Float32Array | Uint16Array

/**
 * The capacity for so many tokens. It grows in steps, since a masked place costs as much to attend to as a token, and by
 * a sixteenth at least, since all that is held is copied then.
 */
export function roomyCapacity(tokens: number): number {
  const step = Math.max(64, 2 ** Math.floor(Math.log2(tokens / 8)))
  return Math.ceil(tokens / step) * step
}

/** An empty cache. */
export function createKeyValueCache(shape: CacheShape): KeyValueCache {
  return createKeyValueCaches(shape, 1)[0]!
}

/**
 * Empty caches of sequences that a graph reads side by side, in typed arrays of our own: onnxruntime reads CPU inputs
 * where they lie but copies every output, so a graph returns only the new rows and they are written in place here.
 * Keys and values are [sequences · heads, 1, capacity, headSize]; further inputs are `pastMask` [sequences, capacity]
 * and, if asked for, `pastPositions` [1, capacity].
 */
export function createKeyValueCaches(
  { layers, heads, headSize, type, tellsPositions }: CacheShape,
  sequences: number,
): KeyValueCache[] {
  const pairs = sequences * heads
  const lengths = new Int32Array(sequences)
  let capacity = 0
  let stores: Elements[] = []
  let mask = new Float32Array(0)
  let tensors: Feeds = {}

  const grow = (needed: number) => {
    const larger = roomyCapacity(needed)
    stores = Array.from({ length: 2 * layers }, (_, i) => {
      const size = pairs * larger * headSize
      const store = type === 'float16' ? new Uint16Array(size) : new Float32Array(size)
      const old = stores[i]
      for (let pair = 0; old && pair < pairs; pair++)
        store.set(
          old.subarray(pair * capacity * headSize, (pair + 1) * capacity * headSize),
          pair * larger * headSize,
        )
      return store
    })
    capacity = larger
    mask = new Float32Array(sequences * capacity).fill(maskedScore)
    lengths.forEach((length, sequence) => setMask(sequence, 0, length, 0))
    const shape = [pairs, 1, capacity, headSize]
    const names = cacheNames(layers)
    tensors = {
      pastMask: floatTensor(mask, [sequences, capacity]),
      ...(tellsPositions
        ? {
            pastPositions: floatTensor(
              Float32Array.from({ length: capacity }, (_, i) => i),
              [1, capacity],
            ),
          }
        : {}),
      ...Object.fromEntries(
        stores.map((store, i) => [
          names[i]!,
          store instanceof Uint16Array ? halfTensor(store, shape) : floatTensor(store, shape),
        ]),
      ),
    }
  }
  const setMask = (sequence: number, from: number, to: number, value: number) =>
    mask.fill(value, sequence * capacity + from, sequence * capacity + to)
  grow(1)

  return Array.from(lengths, (_, sequence) => ({
    get length() {
      return lengths[sequence]!
    },
    // There is always room, or `append` makes it.
    makeRoom: () => Promise.resolve(),
    feeds: () => tensors,
    append: (rows, tokens, count = tokens) => {
      const length = lengths[sequence]!
      if (length + count > capacity) grow(length + count)
      for (let pair = sequence * heads; pair < (sequence + 1) * heads; pair++)
        stores.forEach((store, i) => {
          const start = (pair * stores.length + i) * tokens
          const own = rows?.subarray(start * headSize, (start + count) * headSize)
          if (own) store.set(own, (pair * capacity + length) * headSize)
        })
      setMask(sequence, length, length + count, 0)
      lengths[sequence] = length + count
    },
    truncate: (shorter) => {
      setMask(sequence, shorter, lengths[sequence]!, maskedScore)
      lengths[sequence] = shorter
    },
    release: () => undefined,
  }))
}
