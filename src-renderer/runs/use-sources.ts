import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { LibraryModel, RunSummary } from '../../src-main/contract/index.ts'
import { queries } from '../connection/engine.ts'
import { useRuns } from './use-runs.ts'

/** What writes texts: finished runs and models. */
export interface Sources {
  /** undefined until the engine has answered, both. */
  readonly finished: readonly RunSummary[] | undefined
  readonly models: readonly LibraryModel[] | undefined
  /** Why one of them isn't there or isn't kept up to date; null if all is well. */
  readonly error: unknown
  readonly retry: () => void
}

/** Finished runs, kept up to date, and the library's models. */
export function useSources(): Sources {
  const runs = useRuns()
  const models = useQuery(queries.models.list.queryOptions())
  const finished = useMemo(() => runs.list?.filter(({ status }) => status === 'finished'), [runs.list])
  return {
    finished,
    models: models.data,
    error: runs.error ?? models.error,
    retry: () => {
      runs.retry()
      void models.refetch()
    },
  }
}
