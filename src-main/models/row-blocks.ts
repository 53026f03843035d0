import type { HeadRows } from './head-rows.ts'

/** Rows of the head that are in memory at once. */
const rowsAtOnce = 1_024

/** Reads the head's first `tokens` rows, float32 [rows, d] at a time. */
export function* rowBlocks(
  rows: Pick<HeadRows, 'read'>,
  tokens: number,
): Generator<{ readonly start: number; readonly count: number; readonly block: Float32Array }> {
  for (let start = 0; start < tokens; start += rowsAtOnce) {
    const count = Math.min(rowsAtOnce, tokens - start)
    yield { start, count, block: rows.read(Array.from({ length: count }, (_, i) => start + i)) }
  }
}
