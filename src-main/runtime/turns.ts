/** Runs work that computes, alone: nobody else's work happens until it is done. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>

/** The turn of a process in which only one thing computes at a time anyway. */
export const ownTurn: Turn = (work) => work()

/**
 * Shares this process's one computing thread between what a person waits for and what runs in the background.
 * Each holds a turn for one step only, so that its time is that of its own work.
 */
export interface Turns {
  /** Steps that a person waits for, in the order of asking. */
  readonly foreground: Turn
  /** Steps of training: they wait while somebody is attended to, but not for ever. */
  readonly background: Turn
  /** From now on somebody is attended to, also between steps, until the function that it returns is called. */
  attend(): () => void
}

/** Attends to somebody while `work` is done. */
export async function attendTo<T>(turns: Turns, work: () => Promise<T>): Promise<T> {
  const leave = turns.attend()
  try {
    return await work()
  } finally {
    leave()
  }
}

/** How long the background waits for its next step while somebody is attended to, in milliseconds. */
const patience = 1_000

/** Turns for the sessions of one process. */
export function createTurns(): Turns {
  const foreground: (() => void)[] = []
  const background: (() => void)[] = []
  let isTaken = false
  let attended = 0
  let lastBackground = -Infinity
  let timer: NodeJS.Timeout | undefined

  const mayRunBackground = () => attended === 0 || performance.now() - lastBackground >= patience

  const next = () => {
    if (isTaken) return
    const isBackground =
      background.length > 0 && (foreground.length === 0 || attended > 0) && mayRunBackground()
    const start = isBackground ? background.shift() : foreground.shift()
    if (start) {
      isTaken = true
      start()
    } else if (background.length > 0) {
      clearTimeout(timer)
      timer = setTimeout(next, patience - (performance.now() - lastBackground))
    }
  }

  const turn =
    (waiting: (() => void)[], onDone?: () => void): Turn =>
    async (work) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
        next()
      })
      try {
        return await work()
      } finally {
        isTaken = false
        onDone?.()
        next()
      }
    }

  return {
    foreground: turn(foreground),
    background: turn(background, () => (lastBackground = performance.now())),
    attend: () => {
      attended++
      return () => {
        attended--
        next()
      }
    },
  }
}
