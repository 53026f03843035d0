import type { BaseModel } from '../../models/base-model.ts'
import type { HeadRows } from '../../models/head-rows.ts'
import { headRowBytes } from '../mode-bytes.ts'

/** Positions of a text, one after another: what the base model makes of each. */
export interface BaselinePositions {
  readonly count: number
  /** The tokens that are read at each, after the position before it or from its window's beginning, [count]. */
  readonly read: readonly Int32Array[]
  /** The window that each is in, [count]; windows know nothing of one another. */
  readonly windows: Int32Array
  /** float32 [count · d], after the final norm. */
  readonly hidden: Float32Array
  /** The base model's, [count]. */
  readonly choices: Int32Array
  /** 1 where a position repeats the text before it (loops.ts), [count]. */
  readonly isLoop: Uint8Array
}

/** The LM head that baselines take less of. */
export interface BaselineHead {
  readonly base: BaseModel
  readonly rows: HeadRows
  /** Rows that belong to a token. */
  readonly tokens: number
  /** Bytes of a row. */
  readonly rowBytes: number
}

/** How often a baseline says what the base model says, and what it reads for that. */
export interface BaselineResult {
  readonly name: string
  /** Bytes read a token, on average, over those of the whole head. */
  readonly bytesShare: number
  readonly positions: number
  readonly agreement: number
  /** null: all positions repeat the text before them. */
  readonly agreementNoLoops: number | null
}

/** What a screen does at each position: whether the base model's choice is among what it scores exactly. */
export interface Screened {
  /** [positions] */
  readonly isFound: Uint8Array
  /** Over those of the whole head, a token. */
  readonly bytesShare: number
}

/** The shares of the head's bytes that baselines are given. */
export const baselineShares = [0.05, 0.1, 0.15] as const

/** @see BaselineHead */
export function baselineHead(base: BaseModel, rows: HeadRows, validTokens: number): BaselineHead {
  return {
    base,
    rows,
    tokens: Math.min(validTokens, base.architecture.vocabularySize),
    rowBytes: headRowBytes(base),
  }
}

/**
 * What came of a screen. Exact scores decide among what it lets through, so it says what the base model says wherever that is
 * among them.
 */
export function resultOf(
  name: string,
  { count, isLoop }: Pick<BaselinePositions, 'count' | 'isLoop'>,
  { isFound, bytesShare }: Screened,
): BaselineResult {
  let [found, plain, plainFound] = [0, 0, 0]
  for (let i = 0; i < count; i++) {
    found += isFound[i]!
    if (isLoop[i] === 1) continue
    plain++
    plainFound += isFound[i]!
  }
  return {
    name,
    bytesShare,
    positions: count,
    agreement: found / count,
    agreementNoLoops: plain === 0 ? null : plainFound / plain,
  }
}
