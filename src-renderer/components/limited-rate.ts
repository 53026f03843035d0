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

/** What grows without end is drawn this many milliseconds apart at most. */
export const redrawMilliseconds = 100

/** @param milliseconds from one start of the task to the next, at least */
export function limitRate(task: () => void, milliseconds: number): LimitedTask {
  let frame: number | null = null
  let last = -Infinity
  const onFrame = (now: number) => {
    if (now - last < milliseconds) {
      frame = requestAnimationFrame(onFrame)
      return
    }
    frame = null
    last = now
    task()
  }
  return {
    request: () => (frame ??= requestAnimationFrame(onFrame)),
    cancel: () => {
      if (frame !== null) cancelAnimationFrame(frame)
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
