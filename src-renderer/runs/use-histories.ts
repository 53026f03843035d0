import { useQueries } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { RunHistory, RunSummary } from '../../src-main/contract/index.ts'
import { smooth } from '../components/chart/smoothing.ts'
import { queries } from '../connection/engine.ts'
import { isActive } from './run-actions.ts'

/** The curves of a run as they were when they were asked for. */
export interface SmoothedHistory {
  readonly id: string
  readonly step: readonly number[]
  readonly smoothedLoss: readonly number[]
  readonly evaluationStep: readonly number[]
  readonly trieAgreement: readonly number[]
  readonly freeAgreement: readonly number[]
}

/** The curves of several runs; those that are not there yet are left out. Reloaded when a run begins or ends. */
export function useSmoothedHistories(
  runs: readonly Pick<RunSummary, 'id' | 'status'>[],
  smoothing: number,
): { readonly loaded: readonly SmoothedHistory[]; readonly isLoading: boolean; readonly error: unknown } {
  const { histories, isLoading, error } = useQueries({
    queries: runs.map(({ id, status }) => {
      const options = queries.runs.history.queryOptions({ input: { id }, staleTime: Infinity })
      return { ...options, queryKey: [...options.queryKey, isActive(status)] }
    }),
    combine: combineHistories,
  })
  // The list of runs is another one with each report of the engine; the lines are not to be.
  const names = runs.map(({ id }) => id).join('\n')
  const loaded = useMemo(() => {
    const ids = names.split('\n')
    return histories.flatMap((history, index) =>
      history ? [smoothHistory(ids[index]!, history, smoothing)] : [],
    )
  }, [histories, names, smoothing])
  return { loaded, isLoading, error }
}

/** Stands outside of the hook, so that equal answers stay the same object. */
const combineHistories = (
  results: readonly {
    readonly data: RunHistory | undefined
    readonly isPending: boolean
    readonly error: unknown
  }[],
) => ({
  histories: results.map(({ data }) => data),
  isLoading: results.some(({ isPending }) => isPending),
  error: results.find(({ error }) => error !== null)?.error ?? null,
})

function smoothHistory(id: string, history: RunHistory, smoothing: number): SmoothedHistory {
  const { step, loss, evaluations } = history
  return {
    id,
    step,
    smoothedLoss: smooth(loss, smoothing).values,
    evaluationStep: evaluations.map((evaluation) => evaluation.step),
    trieAgreement: evaluations.map(({ agreement }) => agreement.trie),
    freeAgreement: evaluations.map(({ agreement }) => agreement.free),
  }
}
