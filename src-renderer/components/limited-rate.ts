import { useEffect, useState } from 'react'

/** Something that is done on an animation frame after it was asked for, and not too often. */
export interface LimitedTask {
  readonly request: () => void
  readonly cancel: () => void
}

/** Anything that tells of its changes, such as a zustand store. */
export interface ChangeSource {
  readonly subscribe: (listener: () => void) => () => void
}

/** For what stays as it is. */
export const neverChanges: ChangeSource = { subscribe: () => () => undefined }

/** @param milliseconds from one start of the task to the next, at least */
export function limitRate(task: () => void, milliseconds: number): LimitedTask {
  let timer: number | null = null
  let frame: number | null = null
  let last = -Infinity
  const run = () => {
    frame = null
    last = performance.now()
    task()
  }
  const requestFrame = () => {
    timer = null
    frame = requestAnimationFrame(run)
  }
  return {
    request: () => {
      if (timer !== null || frame !== null) return
      const early = last + milliseconds - performance.now()
      if (early > 0) timer = setTimeout(requestFrame, early)
      else requestFrame()
    },
    cancel: () => {
      if (timer !== null) clearTimeout(timer)
      if (frame !== null) cancelAnimationFrame(frame)
      timer = null
      frame = null
    },
  }
}

/** Renders the component again after changes of the source, but not too often. */
export function useChanges(source: ChangeSource, milliseconds: number): void {
  const [, setVersion] = useState(0)
  useEffect(() => {
    const render = limitRate(() => setVersion((version) => version + 1), milliseconds)
    const unsubscribe = source.subscribe(render.request)
    return () => {
      unsubscribe()
      render.cancel()
    }
  }, [source, milliseconds])
}
