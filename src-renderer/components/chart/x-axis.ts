import { createStore, type StoreApi } from 'zustand'
import type { Range } from './zoom.ts'

/** What several charts of the same x share: they zoom and show their cursors together. */
export type XAxis = StoreApi<{
  /** What is shown; null: everything, also what is yet to come. */
  readonly range: Range | null
  /** Where the values are read; null: at the end. */
  readonly cursor: number | null
}>

export const createXAxis = (): XAxis => createStore(() => ({ range: null, cursor: null }))
