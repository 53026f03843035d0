import { maskedScore } from './masks.ts'
import { floatTensor, halfTensor, type Feeds, type Tensor } from './session.ts'

/** The shape of a cache. */
export interface CacheShape {
  /** Of each layer: how many tokens a token attends to, itself included; null: all before it. */
  readonly windows: readonly (number | null)[]
  /** Of keys and values. */
  readonly heads: number
  readonly headSize: number
  /** float16 is held as bit patterns. */
  readonly type: 'float32' | 'float16'
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

/** Tokens that can always be forgotten again: as many are kept beyond a window. Few drafts are as long. */
export const rememberedBeyond = 64

/**
 * Empty caches of sequences that a graph reads side by side, in typed arrays of our own: onnxruntime reads CPU inputs
 * where they lie but copies every output, so a graph returns only the new rows and they are written in place here.
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
    ...(wide.length > 0 ? [createSpan(shape, sequences, wide, null, tensors)] : []),
    ...(narrow.length > 0 ? [createSpan(shape, sequences, narrow, longest, tensors)] : []),
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

/** Keys and values of layers that attend equally far: of each sequence, its last tokens. */
interface Span {
  /** As `KeyValueCache.append`. */
  append(sequence: number, rows: Elements, tokens: number, count: number): void
  /** Whether what a token attends to that comes after the first `length` is held. */
  reaches(sequence: number, length: number): boolean
  truncate(sequence: number, length: number): void
  shrink(): void
}

/**
 * @param window null: all tokens are held
 * @param tensors receives the graph's inputs, whenever they are new
 */
function createSpan(
  { windows, heads, headSize, type }: CacheShape,
  sequences: number,
  layers: readonly number[],
  window: number | null,
  tensors: Record<string, Tensor>,
): Span {
  const pairs = sequences * heads
  const allNames = cacheNames(windows.length)
  /** Of each store, keys and values of the layers by turns, its place among those of all layers. */
  const places = layers.flatMap((layer) => [2 * layer, 2 * layer + 1])
  /** What stays when a window moves on, and the room to do that seldom. */
  const kept = window === null ? Infinity : window + rememberedBeyond
  const mostPlaces = window === null ? Infinity : roomyCapacity(kept + rememberedBeyond)
  /** Of each sequence: the token at place 0, and the places that are taken. */
  const starts = new Int32Array(sequences)
  const taken = new Int32Array(sequences)
  let capacity = 0
  let stores: Elements[] = []
  let mask = new Float32Array(0)
  let positions = new Float32Array(0)

  const setMask = (sequence: number, from: number, to: number, value: number) =>
    mask.fill(value, sequence * capacity + from, sequence * capacity + to)
  const setPositions = (sequence: number) => {
    for (let place = 0; place < capacity; place++)
      positions[sequence * capacity + place] = starts[sequence]! + place
  }
  /** Rows of all pairs, each moved to its place for another capacity. */
  const moved = (old: Elements | undefined, other: number): Elements => {
    const size = pairs * other * headSize
    const kept = Math.min(capacity, other) * headSize
    if (old && old.buffer.byteLength >= size * old.BYTES_PER_ELEMENT) {
      // Within the same memory, since new memory takes longer than the move: from the end that rows move towards.
      const store = type === 'float16' ? new Uint16Array(old.buffer) : new Float32Array(old.buffer)
      for (let i = 0; i < pairs; i++) {
        const pair = other > capacity ? pairs - 1 - i : i
        const from = pair * capacity * headSize
        store.copyWithin(pair * other * headSize, from, from + kept)
      }
      return store.subarray(0, size)
    }
    const store = type === 'float16' ? new Uint16Array(size) : new Float32Array(size)
    for (let pair = 0; old && pair < pairs; pair++) {
      const from = pair * capacity * headSize
      store.set(old.subarray(from, from + kept), pair * other * headSize)
    }
    return store
  }
  const layOut = (needed: number) => {
    const other = Math.min(mostPlaces, roomyCapacity(needed))
    stores = places.map((_, i) => moved(stores[i], other))
    capacity = other
    mask = new Float32Array(sequences * capacity).fill(maskedScore)
    positions = new Float32Array(window === null ? 0 : sequences * capacity)
    for (let sequence = 0; sequence < sequences; sequence++) {
      setMask(sequence, 0, taken[sequence]!, 0)
      if (window !== null) setPositions(sequence)
    }
    const shape = [pairs, 1, capacity, headSize]
    tensors[window === null ? 'pastMask' : 'windowMask'] = floatTensor(mask, [sequences, capacity])
    if (window !== null) tensors['windowPositions'] = floatTensor(positions, [sequences, capacity])
    stores.forEach((store, i) => {
      tensors[allNames[places[i]!]!] =
        store instanceof Uint16Array ? halfTensor(store, shape) : floatTensor(store, shape)
    })
  }
  /** Lets go of the first tokens of a sequence: `stay` of them are left. */
  const moveOn = (sequence: number, stay: number) => {
    const gone = taken[sequence]! - stay
    for (const store of stores)
      for (let pair = sequence * heads; pair < (sequence + 1) * heads; pair++) {
        const base = pair * capacity * headSize
        store.copyWithin(base, base + gone * headSize, base + taken[sequence]! * headSize)
      }
    setMask(sequence, stay, taken[sequence]!, maskedScore)
    starts[sequence] = starts[sequence]! + gone
    taken[sequence] = stay
  }
  layOut(1)

  return {
    append: (sequence, rows, tokens, count) => {
      const isFull = taken[sequence]! + count > mostPlaces
      // Of many tokens at once, the first may be beyond the window already.
      const skipped = isFull ? Math.max(0, count - kept) : 0
      if (isFull) {
        moveOn(sequence, Math.max(0, Math.min(taken[sequence]!, kept - count)))
        starts[sequence] = starts[sequence]! + skipped
        setPositions(sequence)
      }
      const first = taken[sequence]!
      const added = count - skipped
      if (first + added > capacity) layOut(first + added)
      for (let pair = sequence * heads; pair < (sequence + 1) * heads; pair++)
        stores.forEach((store, i) => {
          const start = (pair * allNames.length + places[i]!) * tokens
          const own = rows.subarray((start + skipped) * headSize, (start + count) * headSize)
          store.set(own, (pair * capacity + first) * headSize)
        })
      setMask(sequence, first, first + added, 0)
      taken[sequence] = first + added
    },
    reaches: (sequence, length) => {
      const start = starts[sequence]!
      return start === 0 || (window !== null && length - start >= window - 1)
    },
    truncate: (sequence, length) => {
      const places = Math.max(0, length - starts[sequence]!)
      setMask(sequence, places, taken[sequence]!, maskedScore)
      taken[sequence] = places
      if (length > 0 || starts[sequence] === 0) return
      starts[sequence] = 0
      setPositions(sequence)
    },
    shrink: () => {
      const needed = Math.max(1, ...taken)
      if (Math.min(mostPlaces, roomyCapacity(needed)) < capacity) layOut(needed)
    },
  }
}
