import {
  baselineShares,
  resultOf,
  type BaselineHead,
  type BaselinePositions,
  type BaselineResult,
} from './baseline.ts'
import { clusterScreen } from './cluster-screen.ts'
import { int8Head } from './int8-head.ts'
import { clusterRows } from '../../models/cluster-rows.ts'
import { lowRankDirections } from './low-rank-directions.ts'
import { lowRankPlan, lowRankScreen } from './low-rank-screen.ts'
import { mostChosen, trimmedVocabulary } from './trimmed-vocabulary.ts'

export interface BaselineOptions {
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal | undefined
}

/** Of the smallest share of the head, the part that the centroids of clusters take. */
const centroidPart = 0.5

/**
 * What a critic would take in place of a SpeLLM, each at three sizes: how often it picks what the base model picks, for which
 * share of the head's bytes.
 *
 * @param first to choose a vocabulary from
 * @param second to measure on
 * @throws CancelledError when the signal fires
 */
export async function measureBaselines(
  head: BaselineHead,
  { first, second }: { readonly first: BaselinePositions; readonly second: BaselinePositions },
  { onProgress, signal }: BaselineOptions = {},
): Promise<BaselineResult[]> {
  const total = 4 + baselineShares.length
  let done = 0
  const step = () => onProgress?.(++done, total)
  const trimmed = (name: string, hasContext: boolean) =>
    baselineShares.map((share) => {
      const kept = mostChosen(first.choices, head, share)
      return resultOf(name, second, trimmedVocabulary(kept, second, head, hasContext))
    })
  const results = [...trimmed('trimmed', false), ...trimmed('trimmed+context', true)]
  step()

  const { rows, tokens, rowBytes } = head
  const d = head.base.architecture.hiddenSize
  const centroids = (centroidPart * baselineShares[0] * tokens * rowBytes) / (4 * d)
  const count = Math.max(1, Math.round(centroids))
  const clusters = await clusterRows(rows, d, tokens, { count, signal })
  step()
  for (const screened of await clusterScreen(clusters, head, second, baselineShares, signal))
    results.push(resultOf('clusters', second, screened))
  step()

  const plans = baselineShares.map((share) => lowRankPlan(head, share))
  const rank = Math.max(...plans.map((plan) => plan.rank))
  const directions = await lowRankDirections(rows, d, tokens, { states: first.hidden, rank, signal })
  for (const plan of plans) {
    results.push(resultOf('low-rank', second, await lowRankScreen(directions, plan, head, second, signal)))
    step()
  }

  const int8 = await int8Head(head, second, signal)
  if (int8) results.push(resultOf('int8', int8.positions, int8.screened))
  onProgress?.(total, total)
  return results
}
