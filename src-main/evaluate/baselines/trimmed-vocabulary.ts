import { countTokens } from '../../distill/corpus.ts'
import type { BaselineHead, BaselinePositions, Screened } from './baseline.ts'

/**
 * The tokens that a base model chose most often, as many as a share of the head has room for, of equally frequent ones the
 * lowest ids.
 *
 * @param share of the head's rows
 */
export function mostChosen(
  choices: Int32Array,
  { tokens }: Pick<BaselineHead, 'tokens'>,
  share: number,
): Set<number> {
  const counts = countTokens(choices, tokens)
  const ids = Array.from({ length: tokens }, (_, token) => token)
  return new Set(ids.sort((a, b) => counts[b]! - counts[a]! || a - b).slice(0, Math.round(share * tokens)))
}

/**
 * A head of these rows alone.
 *
 * @param hasContext whether the rows of all tokens of the window so far are read, too
 */
export function trimmedVocabulary(
  kept: ReadonlySet<number>,
  { count, read, windows, choices }: BaselinePositions,
  { tokens }: Pick<BaselineHead, 'tokens'>,
  hasContext: boolean,
): Screened {
  const isFound = new Uint8Array(count)
  let context = new Set<number>()
  let contextRows = 0
  for (let i = 0; i < count; i++) {
    if (hasContext) {
      if (i === 0 || windows[i] !== windows[i - 1]) context = new Set()
      for (const token of read[i]!) if (!kept.has(token)) context.add(token)
      contextRows += context.size
    }
    const choice = choices[i]!
    if (kept.has(choice) || context.has(choice)) isFound[i] = 1
  }
  return { isFound, bytesShare: (kept.size + contextRows / count) / tokens }
}
