/** Keeps the results of the latest loads. */
export interface Lru<T> {
  /** The result kept for `key`, or that of `load`. A load that fails is not kept. */
  get(key: string, load: () => Promise<T>): Promise<T>
}

/** Keeps at most `size` results; the one that wasn't asked for longest goes first. */
export function createLru<T>(size: number): Lru<T> {
  const kept = new Map<string, Promise<T>>()
  return {
    get: (key, load) => {
      const result = kept.get(key) ?? load()
      kept.delete(key)
      kept.set(key, result)
      result.catch(() => kept.get(key) === result && kept.delete(key))
      for (const oldest of kept.keys()) {
        if (kept.size <= size) break
        kept.delete(oldest)
      }
      return result
    },
  }
}
