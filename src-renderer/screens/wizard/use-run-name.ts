import { useRuns } from '../../runs/use-runs.ts'
import { runNameProblem, suggestRunName } from './run-name.ts'
import { hasGroups, lengthOf } from './draft.ts'
import { useBaseModel } from './use-base-model.ts'
import { useDraft } from './wizard-store.ts'

/** The name that the run would get. */
export interface RunName {
  /** '' until there is enough to suggest one. */
  readonly name: string
  /** null: none. */
  readonly problem: string | null
  /** Whether another run is active, for which this one would wait. */
  readonly mustWait: boolean
}

/** The typed name, else a free one made of the model's name and k, or 'groups'. */
export function useRunName(): RunName {
  const { list } = useRuns()
  const typed = useDraft((draft) => draft.name)
  const k = useDraft((draft) => (hasGroups(draft) ? null : lengthOf(draft)))
  const { data: card } = useBaseModel(useDraft((draft) => draft.base))
  const taken = list?.map(({ id }) => id) ?? []
  const suggested = card && list ? suggestRunName(card.name, k, taken) : null
  const name = typed ?? suggested
  return {
    name: name ?? '',
    problem: name === null ? null : runNameProblem(name, taken),
    mustWait: list?.some(({ status }) => status === 'running' || status === 'queued') ?? false,
  }
}
