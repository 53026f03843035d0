import { skipToken, useQuery, type UseQueryResult } from '@tanstack/react-query'
import type { ModelCard } from '../../../src-main/contract/index.ts'
import { queries } from '../../connection/engine.ts'

/** The card of a base model, checked again each time another one is chosen; null: none is. */
export function useBaseModel(reference: string | null): UseQueryResult<ModelCard> {
  return useQuery(
    queries.models.inspect.queryOptions({ input: reference === null ? skipToken : { reference } }),
  )
}
