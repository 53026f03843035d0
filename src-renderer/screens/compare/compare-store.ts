import { create } from 'zustand'
import type { SortOrder } from './run-columns.ts'

/** What the screen shows, kept while others are open. */
export const useCompare = create<{
  /** Ids of the runs whose curves are shown, in the order of their choice. */
  readonly chosen: readonly string[]
  readonly order: SortOrder
  readonly axis: 'step' | 'tokens'
  readonly mode: 'trie' | 'free'
}>(() => ({
  chosen: [],
  order: { column: 'created', isDescending: true },
  axis: 'step',
  mode: 'trie',
}))

export function choose(id: string, isChosen: boolean): void {
  useCompare.setState(({ chosen }) => ({
    chosen: isChosen ? [...chosen, id] : chosen.filter((other) => other !== id),
  }))
}
