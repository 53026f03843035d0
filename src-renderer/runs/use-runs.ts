import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { RunSummary } from '../../src-main/contract/index.ts'
import { engine, queries, queryClient } from '../connection/engine.ts'
import { useEvents } from '../connection/use-events.ts'
import { applyRunChange } from './run-list.ts'

export interface Runs {
  /** undefined until the engine has answered. */
  readonly list: readonly RunSummary[] | undefined
  /** Why there is no list, or why it isn't kept up to date; null if all is well. */
  readonly error: unknown
  readonly retry: () => void
}

/** All runs, kept up to date by the engine's own reports. */
export function useRuns(): Runs {
  const [attempt, setAttempt] = useState(0)
  const [watchError, setWatchError] = useState<unknown>(null)
  const { data, error, refetch } = useQuery(queries.runs.list.queryOptions())
  useEvents(
    `runs ${attempt}`,
    async (signal) => {
      const changes = await engine.runs.watch(undefined, { signal })
      setWatchError(null)
      // What changed between the list and the first report would be missed otherwise.
      void queryClient.invalidateQueries({ queryKey: queries.runs.list.key() })
      return changes
    },
    (change) =>
      queryClient.setQueryData(queries.runs.list.queryKey(), (list: RunSummary[] | undefined) =>
        list ? applyRunChange(list, change) : list,
      ),
    setWatchError,
  )
  return {
    list: data,
    error: error ?? watchError,
    retry: () => {
      setAttempt((current) => current + 1)
      void refetch()
    },
  }
}
