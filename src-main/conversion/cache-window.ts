/** What a cache of states and targets may take on disk, in bytes, and of the disk that is free. */
const mostBytes = 16e9
const shareOfFree = 0.5
/** Beside the cache stand checkpoints and answers to measure by. */
const margin = 1.1

/**
 * How many chunks of what is learnt from are on disk at once. A text that is longer is streamed: the tail goes through all
 * epochs of a window before the next one is computed in its place.
 *
 * @param windowTokens of a window, as a person wants it; undefined: all of the text where there is room for it
 * @param positionBytes of states and targets of one position
 * @param freeBytes of the disk
 * @returns undefined: all of them
 */
export function chunksOfWindow(
  { tokens, windowTokens }: { readonly tokens: number; readonly windowTokens?: number | undefined },
  {
    positionsPerChunk,
    positionBytes,
  }: { readonly positionsPerChunk: number; readonly positionBytes: number },
  freeBytes: number,
): number | undefined {
  const chunks = Math.ceil(tokens / positionsPerChunk)
  if (windowTokens !== undefined) {
    const asked = Math.max(1, Math.floor(windowTokens / positionsPerChunk))
    return asked < chunks ? asked : undefined
  }
  if (margin * tokens * positionBytes <= Math.min(mostBytes, freeBytes)) return undefined
  const fitting = Math.floor(
    Math.min(mostBytes, shareOfFree * freeBytes) / (margin * positionsPerChunk * positionBytes),
  )
  const windows = Math.ceil(chunks / Math.max(1, fitting))
  return windows > 1 ? Math.ceil(chunks / windows) : undefined
}
