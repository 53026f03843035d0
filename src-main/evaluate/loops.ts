/** A text that repeats this many tokens continues as before. */
const gramTokens = 16

/**
 * Which positions of a text come after 16 tokens that occurred before in it: 1 for each of those. A small model's greedy
 * texts loop, and a loop is easy to foretell, so it flatters every figure.
 *
 * @param ids the text's tokens, [n]
 * @returns [n], of the position after each token
 */
export function loopPositions(ids: Int32Array): Uint8Array {
  const isLoop = new Uint8Array(ids.length)
  const seen = new Set<string>()
  for (let end = gramTokens; end <= ids.length; end++) {
    const gram = ids.subarray(end - gramTokens, end).join()
    if (seen.has(gram)) isLoop[end - 1] = 1
    else seen.add(gram)
  }
  return isLoop
}
