import { create } from 'zustand'
import { createJSONStorage, persist } from 'zustand/middleware'
import { goTo, paths } from '../../navigation.ts'
import { changeOfBase, draftSchema, emptyDraft, type Draft } from './draft.ts'

export const stepNumbers = { base: 0, spelling: 1, training: 2, review: 3 } as const

/** The conversion that is being prepared; it survives a reload of the page. */
export const useDraft = create<Draft>()(
  persist(() => emptyDraft, {
    name: 'conversion-draft',
    storage: createJSONStorage(() => sessionStorage),
    // Another version of the page may have written it.
    merge: (stored, current) => draftSchema.safeParse(stored).data ?? current,
  }),
)

export function changeDraft(change: Partial<Draft>): void {
  useDraft.setState(change)
}

/** Chooses the base model. */
export function chooseBase(base: string): void {
  useDraft.setState((draft) => changeOfBase(base, draft))
}

/** Forgets the draft and starts over. */
export function discardDraft(): void {
  useDraft.setState(emptyDraft, true)
}

/** Goes to a new conversion of a model, at its first choice. */
export function prepareConversion(base: string): void {
  useDraft.setState({ ...emptyDraft, base, step: stepNumbers.spelling }, true)
  goTo(paths.newConversion)
}

/** Goes to the conversion of the sample model with everything chosen: only the start is left to do. */
export function prepareSampleConversion(): void {
  useDraft.setState({ ...emptyDraft, base: 'sample', step: stepNumbers.review }, true)
  goTo(paths.newConversion)
}
