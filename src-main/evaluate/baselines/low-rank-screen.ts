import { setImmediate } from 'node:timers/promises'
import { CancelledError } from '../../base/errors.ts'
import { constant, input, matmul } from '../../graph/index.ts'
import { createSession, floatData, floatTensor } from '../../runtime/session.ts'
import type { LowRankDirections } from './low-rank-directions.ts'
import type { BaselineHead, BaselinePositions, Screened } from './baseline.ts'
import { rowBlocks } from '../../models/row-blocks.ts'

const statesAtOnce = 128
/** Of a screen's bytes, those that are left for the rows of what it lets through. */
const exactPart = 0.2

/** What a share of the head's bytes is spent on. */
export interface LowRankPlan {
  /** Integers of each row. */
  readonly rank: number
  /** Tokens with the best screen scores, whose rows are read. */
  readonly candidates: number
}

/** How a share is spent: a row has `rank` bytes and a scale, and states are turned by a matrix of the head's own precision. */
export function lowRankPlan(
  { base, tokens, rowBytes }: Pick<BaselineHead, 'base' | 'tokens' | 'rowBytes'>,
  share: number,
): LowRankPlan {
  const d = base.architecture.hiddenSize
  const bytes = (1 - exactPart) * share * tokens * rowBytes
  const rank = Math.floor((bytes - 4 * tokens) / (tokens + rowBytes))
  return { rank: Math.min(d, Math.max(1, rank)), candidates: Math.round(exactPart * share * tokens) }
}

/**
 * A screen of low rank: W's rows along some directions, in int8 with a scale a row, score all tokens; the rows of the best are
 * read.
 *
 * @param directions of at least the plan's rank
 * @throws CancelledError when the signal fires
 */
export async function lowRankScreen(
  directions: LowRankDirections,
  { rank, candidates }: LowRankPlan,
  head: Pick<BaselineHead, 'base' | 'rows' | 'tokens' | 'rowBytes'>,
  { count, hidden, choices }: BaselinePositions,
  signal?: AbortSignal,
): Promise<Screened> {
  const { tokens, rowBytes } = head
  const d = head.base.architecture.hiddenSize
  const vectors = input('vectors', ['vectors', d])
  const along = (own: Float32Array) =>
    matmul(vectors, constant(own.slice(0, rank * d), [rank, d]), { transposeB: true })
  const turning = await createSession({ rows: along(directions.ofRows), states: along(directions.ofStates) })
  const turn = async (kind: 'rows' | 'states', rows: Float32Array) =>
    floatData(
      (await turning.run({ vectors: floatTensor(rows, [rows.length / d, d]) }, { [kind]: null }))[kind],
    )
  const screen = new Float32Array(tokens * rank)
  const isFound = new Uint8Array(count)
  try {
    for (const { start, block } of rowBlocks(head.rows, tokens))
      screen.set(roundedRows(await turn('rows', block), rank), start * rank)
    const product = matmul(input('states', ['states', rank]), constant(screen, [tokens, rank]), {
      transposeB: true,
    })
    const scoring = await createSession({ scores: product })
    try {
      for (let start = 0; start < count; start += statesAtOnce) {
        if (signal?.aborted) throw new CancelledError()
        const rows = Math.min(statesAtOnce, count - start)
        const states = await turn('states', hidden.subarray(start * d, (start + rows) * d))
        const results = await scoring.run({ states: floatTensor(states, [rows, rank]) })
        const scores = floatData(results['scores'])
        for (let row = 0; row < rows; row++) {
          const own = scores.subarray(row * tokens, (row + 1) * tokens)
          if (placeOf(own, choices[start + row]!) < candidates) isFound[start + row] = 1
        }
        await setImmediate()
      }
    } finally {
      await scoring.release()
    }
  } finally {
    await turning.release()
  }
  const bytes = tokens * (rank + 4) + rank * rowBytes + candidates * rowBytes
  return { isFound, bytesShare: bytes / (tokens * rowBytes) }
}

/** What rows [.., rank] are in int8, each with one scale. */
function roundedRows(rows: Float32Array, rank: number): Float32Array {
  const rounded = new Float32Array(rows.length)
  for (let start = 0; start < rows.length; start += rank) {
    let largest = 0
    for (let i = start; i < start + rank; i++) largest = Math.max(largest, Math.abs(rows[i]!))
    const scale = largest / 127 || 1
    for (let i = start; i < start + rank; i++) rounded[i] = Math.round(rows[i]! / scale) * scale
  }
  return rounded
}

/** How many come before a token by score, of equal ones those of lower ids. */
function placeOf(scores: Float32Array, token: number): number {
  const own = scores[token]!
  let before = 0
  for (let i = 0; i < scores.length; i++) if (scores[i]! > own || (scores[i] === own && i < token)) before++
  return before
}
