import type { CacheElements, CacheShape } from './cache-rows.ts'
import { createCacheSpan } from './cache-span.ts'
import type { Feeds, Tensor } from './session.ts'

/** Keys and values of the tokens that a model has seen of one sequence, which its graph reads and adds to. */
export interface KeyValueCache {
  /** Tokens held. */
  readonly length: number
  /**
   * Makes room for `tokens` new tokens of each sequence, where the graph puts their rows into place.
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
  append(rows: CacheElements | null, tokens: number, count?: number): void
  /**
   * Forgets all tokens from `length` on. Where layers with a window have let go of what the tokens before them attended
   * to, which can be if more than `rememberedBeyond` are forgotten, it forgets everything.
   */
  truncate(length: number): void
  /**
   * Gives back room that no sequence side by side takes any more, since a masked place costs as much to attend to as a
   * token; the memory is kept for when they grow again. On a device that holds the cache, it does nothing.
   */
  shrink(): void
  /** Frees what it holds of a device's memory, also that of the sequences next to it. It can't be read afterwards. */
  release(): void
}

/**
 * Empty caches of sequences that a graph reads side by side, in typed arrays of our own: onnxruntime reads CPU inputs
 * in place but copies every output, so a graph returns only the new rows and they are written in place here.
 * Keys and values are [sequences · heads, 1, capacity, headSize]. Further inputs are, if some layers attend to all
 * tokens, `pastMask` [sequences, capacity], and if some have a window, `windowMask` and `windowPositions` [sequences,
 * capacity of their own]: layers with a window hold the tokens of the longest window and a few more.
 */
export function createKeyValueCaches(shape: CacheShape, sequences: number): KeyValueCache[] {
  const { windows } = shape
  const longest = Math.max(...windows.map((window) => window ?? 0))
  const layersWith = (isWide: boolean) =>
    windows.flatMap((window, layer) => ((window === null) === isWide ? [layer] : []))
  const [wide, narrow] = [layersWith(true), layersWith(false)]
  const tensors: Record<string, Tensor> = {}
  const spans = [
    ...(wide.length > 0 ? [createCacheSpan(shape, sequences, { layers: wide, window: null }, tensors)] : []),
    ...(narrow.length > 0
      ? [createCacheSpan(shape, sequences, { layers: narrow, window: longest }, tensors)]
      : []),
  ]
  const lengths = new Int32Array(sequences)
  return Array.from(lengths, (_, sequence) => ({
    get length() {
      return lengths[sequence]!
    },
    // There is always room, or `append` makes it.
    makeRoom: () => Promise.resolve(),
    feeds: () => tensors,
    append: (rows, tokens, count = tokens) => {
      if (rows) for (const span of spans) span.append(sequence, rows, tokens, count)
      lengths[sequence] = lengths[sequence]! + count
    },
    truncate: (shorter) => {
      const known = spans.every((span) => span.reaches(sequence, shorter)) ? shorter : 0
      for (const span of spans) span.truncate(sequence, known)
      lengths[sequence] = known
    },
    shrink: () => spans.forEach((span) => span.shrink()),
    release: () => undefined,
  }))
}
