import { createCacheRows, type CacheElements, type CacheShape } from './cache-rows.ts'
import { maskedScore } from './masks.ts'
import { floatTensor, type Tensor } from './session.ts'

/**
 * The capacity for a number of tokens. It grows in steps, since a masked place costs as much to attend to as a token, and by
 * a sixteenth at least, since all that is held is copied then.
 */
export function roomyCapacity(tokens: number): number {
  const step = Math.max(64, 2 ** Math.floor(Math.log2(tokens / 8)))
  return Math.ceil(tokens / step) * step
}

/** Tokens that can always be forgotten again: as many are kept beyond a window. Few drafts are as long. */
export const rememberedBeyond = 64

/** Keys and values of layers that attend equally far: of each sequence, its last tokens. */
export interface CacheSpan {
  /** As `KeyValueCache.append`. */
  append(sequence: number, rows: CacheElements, tokens: number, count: number): void
  /** Whether what a token attends to that comes after the first `length` is held. */
  reaches(sequence: number, length: number): boolean
  truncate(sequence: number, length: number): void
  shrink(): void
}

/**
 * @param window null: all tokens are held
 * @param tensors receives the graph's inputs, whenever they are new
 */
export function createCacheSpan(
  shape: CacheShape,
  sequences: number,
  { layers, window }: { readonly layers: readonly number[]; readonly window: number | null },
  tensors: Record<string, Tensor>,
): CacheSpan {
  const rows = createCacheRows(shape, sequences, layers)
  /** What stays when a window moves on, and the room to do that seldom. */
  const kept = window === null ? Infinity : window + rememberedBeyond
  const mostPlaces = window === null ? Infinity : roomyCapacity(kept + rememberedBeyond)
  /** Of each sequence: the token at place 0, and the places that are taken. */
  const starts = new Int32Array(sequences)
  const taken = new Int32Array(sequences)
  let capacity = 0
  let mask = new Float32Array(0)
  let positions = new Float32Array(0)

  const setMask = (sequence: number, from: number, to: number, value: number) =>
    mask.fill(value, sequence * capacity + from, sequence * capacity + to)
  const setPositions = (sequence: number) => {
    for (let place = 0; place < capacity; place++)
      positions[sequence * capacity + place] = starts[sequence]! + place
  }
  const layOut = (needed: number) => {
    const other = Math.min(mostPlaces, roomyCapacity(needed))
    rows.resize(other)
    capacity = other
    mask = new Float32Array(sequences * capacity).fill(maskedScore)
    positions = new Float32Array(window === null ? 0 : sequences * capacity)
    for (let sequence = 0; sequence < sequences; sequence++) {
      setMask(sequence, 0, taken[sequence]!, 0)
      if (window !== null) setPositions(sequence)
    }
    tensors[window === null ? 'pastMask' : 'windowMask'] = floatTensor(mask, [sequences, capacity])
    if (window !== null) tensors['windowPositions'] = floatTensor(positions, [sequences, capacity])
    Object.assign(tensors, rows.tensors())
  }
  /** Lets go of the first tokens of a sequence: `stay` of them are left. */
  const moveOn = (sequence: number, stay: number) => {
    const gone = taken[sequence]! - stay
    rows.moveToStart(sequence, gone, taken[sequence]!)
    setMask(sequence, stay, taken[sequence]!, maskedScore)
    starts[sequence] = starts[sequence]! + gone
    taken[sequence] = stay
  }
  layOut(1)

  return {
    append: (sequence, data, tokens, count) => {
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
      rows.write(sequence, first, { data, tokens, skipped, count })
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
