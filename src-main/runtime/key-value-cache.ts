import { maskedScore } from './masks.ts'
import { floatTensor, halfTensor, type Feeds } from './session.ts'

/** The shape of one layer's keys (and of its values). */
export interface CacheShape {
  readonly layers: number
  /** Sequences times heads of keys and values. */
  readonly pairs: number
  readonly headSize: number
  /** float16 is held as bit patterns. */
  readonly type: 'float32' | 'float16'
  /** Whether the graph reads where each place of the cache stands in the text. */
  readonly tellsPositions: boolean
}

/**
 * Keys and values of the tokens that a model has seen, in typed arrays of our own: onnxruntime reads CPU
 * inputs where they lie but copies every output, so a graph returns only the new rows and they are written
 * in place here. Capacity grows in steps, since a masked place costs as much to attend to as a token.
 */
export interface KeyValueCache {
  /** Tokens held for each sequence. */
  readonly length: number
  /**
   * The graph's inputs: `past.N.key` and `past.N.value` [pairs, 1, capacity, headSize], `pastMask` [1, capacity]
   * and, if asked for, `pastPositions` [1, capacity].
   */
  feeds(): Feeds
  /** Adds rows [pairs, tokens, headSize] for each layer, keys and values by turns. */
  append(rows: readonly Elements[], tokens: number): void
  /** Forgets all tokens from `length` on. */
  truncate(length: number): void
}

type Elements = Float32Array | Uint16Array

const growth = 256

/** An empty cache. */
export function createKeyValueCache({
  layers,
  pairs,
  headSize,
  type,
  tellsPositions,
}: CacheShape): KeyValueCache {
  let length = 0
  let capacity = 0
  let stores: Elements[] = []
  let mask = new Float32Array(0)
  let tensors: Feeds = {}

  const grow = (needed: number) => {
    const larger = Math.ceil(needed / growth) * growth
    stores = Array.from({ length: 2 * layers }, (_, i) => {
      const size = pairs * larger * headSize
      const store = type === 'float16' ? new Uint16Array(size) : new Float32Array(size)
      const old = stores[i]
      for (let pair = 0; old && pair < pairs; pair++)
        store.set(
          old.subarray(pair * capacity * headSize, (pair * capacity + length) * headSize),
          pair * larger * headSize,
        )
      return store
    })
    capacity = larger
    mask = new Float32Array(capacity).fill(maskedScore, length)
    const shape = [pairs, 1, capacity, headSize]
    tensors = {
      pastMask: floatTensor(mask, [1, capacity]),
      ...(tellsPositions
        ? {
            pastPositions: floatTensor(
              Float32Array.from(mask, (_, i) => i),
              [1, capacity],
            ),
          }
        : {}),
      ...Object.fromEntries(
        stores.map((store, i) => [
          `past.${i >> 1}.${i % 2 === 0 ? 'key' : 'value'}`,
          store instanceof Uint16Array ? halfTensor(store, shape) : floatTensor(store, shape),
        ]),
      ),
    }
  }
  grow(1)

  return {
    get length() {
      return length
    },
    feeds: () => tensors,
    append: (rows, tokens) => {
      if (length + tokens > capacity) grow(length + tokens)
      rows.forEach((row, i) => {
        for (let pair = 0; pair < pairs; pair++)
          stores[i]!.set(
            row.subarray(pair * tokens * headSize, (pair + 1) * tokens * headSize),
            (pair * capacity + length) * headSize,
          )
      })
      mask.fill(0, length, length + tokens)
      length += tokens
    },
    truncate: (shorter) => {
      mask.fill(maskedScore, shorter, length)
      length = shorter
    },
  }
}
