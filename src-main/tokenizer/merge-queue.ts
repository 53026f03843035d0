const places = 2 ** 31

/** Merges to do, the best first: a binary heap of rank and place, each pair in one number (20 + 31 bits). */
export class MergeQueue {
  readonly #heap: number[] = []

  push(rank: number, at: number): void {
    const heap = this.#heap
    const key = rank * places + at
    let child = heap.length
    heap.push(key)
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (heap[parent]! <= key) break
      heap[child] = heap[parent]!
      child = parent
    }
    heap[child] = key
  }

  /** The lowest rank, of equal ones the lowest place. */
  pop(): { rank: number; at: number } | undefined {
    const heap = this.#heap
    const top = heap[0]
    if (top === undefined) return undefined
    const last = heap.pop()!
    if (heap.length > 0) this.#sink(last)
    return { rank: Math.floor(top / places), at: top % places }
  }

  /** Puts a key in place of the root. */
  #sink(key: number): void {
    const heap = this.#heap
    let parent = 0
    for (;;) {
      let child = 2 * parent + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++
      if (heap[child]! >= key) break
      heap[parent] = heap[child]!
      parent = child
    }
    heap[parent] = key
  }
}
