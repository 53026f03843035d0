import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import type { ConversionRequest, ConversionSettingsView, Estimate } from '../../../src-main/contract/index.ts'
import { queries } from '../../connection/engine.ts'

const settleMilliseconds = 300

export interface LiveEstimate {
  /** The latest answer, until the next one is there. */
  readonly answer: { readonly settings: ConversionSettingsView; readonly estimate: Estimate } | undefined
  /** The answer isn't of the present request, for which another one is on its way. */
  readonly isOld: boolean
  /** null: none. */
  readonly error: unknown
  readonly retry: () => void
}

/**
 * What a conversion will take, asked for when the request has settled.
 *
 * @param request the same object until something changes; null: nothing to ask for
 */
export function useEstimate(request: ConversionRequest | null): LiveEstimate {
  const [settled] = useDebouncedValue(request, settleMilliseconds)
  const { data, error, isPlaceholderData, refetch } = useQuery(
    queries.runs.estimate.queryOptions({ input: settled ?? skipToken, placeholderData: keepPreviousData }),
  )
  return {
    answer: data,
    isOld: request !== null && (settled !== request || isPlaceholderData),
    error,
    retry: () => void refetch(),
  }
}
