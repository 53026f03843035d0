import { useRef, useState } from 'react'
import { createStore, type StoreApi } from 'zustand'
import { engine } from '../connection/engine.ts'
import { useEvents } from '../connection/use-events.ts'
import { applyRunEvent, createRunCurves, lastStep, type RunCurves } from './run-curves.ts'

/** Counts the changes of columns that grow outside of React. */
export type Changes = StoreApi<{ readonly version: number }>

export interface LiveRunCurves {
  /** null until the history is there; another object after each reconnection. */
  readonly curves: RunCurves | null
  readonly changes: Changes
  /** null if all is well. */
  readonly error: unknown
  readonly retry: () => void
}

/**
 * The curves of a run: its history, then what happens after its last step; both again after each reconnection.
 *
 * @param id null: none
 */
export function useRunCurves(id: string | null): LiveRunCurves {
  const [changes] = useState(() => createStore(() => ({ version: 0 })))
  const [curves, setCurves] = useState<RunCurves | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [attempt, setAttempt] = useState(0)
  const growing = useRef<RunCurves>(null)
  const tellChange = () => changes.setState(({ version }) => ({ version: version + 1 }))
  useEvents(
    id === null ? null : `${attempt} ${id}`,
    async (signal) => {
      const fresh = createRunCurves(await engine.runs.history({ id: id! }, { signal }))
      signal.throwIfAborted()
      growing.current = fresh
      setCurves(fresh)
      setError(null)
      tellChange()
      const since = { afterStep: lastStep(fresh), afterLog: fresh.log.at(-1)?.at ?? '' }
      return engine.runs.events({ id: id!, ...since }, { signal })
    },
    (event) => {
      if (!growing.current) return
      applyRunEvent(growing.current, event)
      tellChange()
    },
    setError,
  )
  return { curves: id === null ? null : curves, changes, error, retry: () => setAttempt((n) => n + 1) }
}
