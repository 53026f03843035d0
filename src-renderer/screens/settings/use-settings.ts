import { useMutation, useQuery } from '@tanstack/react-query'
import { queries, queryClient } from '../../connection/engine.ts'

/** The engine's settings, and how to change some of them. */
export function useSettings() {
  const { data: settings, error, refetch } = useQuery(queries.app.settings.queryOptions())
  const change = useMutation(
    queries.app.changeSettings.mutationOptions({
      onSuccess: (changed) => {
        queryClient.setQueryData(queries.app.settings.queryKey(), changed)
        // Another folder for runs has other runs and another disk.
        void queryClient.invalidateQueries({ queryKey: queries.app.key() })
        void queryClient.invalidateQueries({ queryKey: queries.runs.key() })
      },
    }),
  )
  return { settings, error, retry: () => void refetch(), change }
}
