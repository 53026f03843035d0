import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, skipToken, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { SpellingPreview } from '../../../src-main/contract/index.ts'
import { queries } from '../../connection/engine.ts'
import { alphabetOf, checkDraft, lengthOf, textsOf, tokenSymbolsOf } from './draft.ts'
import { useDraft } from './wizard-store.ts'

const settleMilliseconds = 250

/** The spelling that the draft chooses for its model and text; null: it isn't complete. */
export function useSpellingChoice() {
  const draft = useDraft()
  const { base, units, source, texts } = draft
  const k = lengthOf(draft)
  const alphabet = alphabetOf(draft)
  const isWrong = checkDraft(draft, 'cpu').problems.alphabet !== undefined
  // A wrong number is fixed in another step.
  const tokenSymbols = tokenSymbolsOf(draft) ?? 'auto'
  return useMemo(
    () =>
      base === null || isWrong
        ? null
        : { model: base, texts: textsOf({ source, texts }), k, alphabet, units, tokenSymbols },
    [base, k, alphabet, units, tokenSymbols, source, texts, isWrong],
  )
}

export interface LivePreview {
  /** The latest answer, until the next one is there. */
  readonly preview: SpellingPreview | undefined
  /** The preview isn't of the present choice, for which another one is on its way. */
  readonly isOld: boolean
  /** null: none. */
  readonly error: unknown
  readonly retry: () => void
}

/** What the draft's spelling covers, asked for when the choice has settled. */
export function useSpellingPreview(): LivePreview {
  const choice = useSpellingChoice()
  const [settled] = useDebouncedValue(choice, settleMilliseconds)
  const { data, error, isPlaceholderData, refetch } = useQuery(
    queries.spelling.preview.queryOptions({
      input: settled ?? skipToken,
      placeholderData: keepPreviousData,
      staleTime: Infinity,
    }),
  )
  return {
    preview: data,
    isOld: choice !== null && (settled !== choice || isPlaceholderData),
    error,
    retry: () => void refetch(),
  }
}
