import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { queries } from '../../connection/engine.ts'
import { checkDraft, type CheckedDraft } from './draft.ts'
import { useDraft } from './wizard-store.ts'

/** The draft as a request to the engine, with what is wrong with it. */
export function useCheckedDraft(): CheckedDraft {
  const draft = useDraft()
  const { data: settings } = useQuery(queries.app.settings.queryOptions())
  const device = settings?.device ?? 'auto'
  return useMemo(() => checkDraft(draft, device), [draft, device])
}
