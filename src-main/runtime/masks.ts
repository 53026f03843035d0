/** Far below any score, and finite: a row of −∞ would make its softmax NaN. */
export const maskedScore = -1e9

/** float32 [tokens · tokens], row by row: 0 up to the diagonal, `maskedScore` after it. */
export function causalMask(tokens: number): Float32Array {
  const mask = new Float32Array(tokens * tokens)
  for (let row = 0; row < tokens; row++) mask.fill(maskedScore, row * tokens + row + 1, (row + 1) * tokens)
  return mask
}
