import { BrowserWindow, Notification, powerSaveBlocker } from 'electron'
import type { EngineClient } from './engine-client.ts'
import {
  applyChange,
  runActivity,
  runNotice,
  type RunActivity,
  type RunNotice,
  type Runs,
} from './run-activity.ts'

/** More than 1 is 'indeterminate' to Electron, less than 0 'none'. */
const unknownProgress = 2
const noProgress = -1

/** Tells the system about the runs. */
export interface RunSignals {
  /** A run is active now. */
  readonly isRunning: boolean
  /** Follows the runs of an engine, for as long as it lives. */
  follow(engine: EngineClient): Promise<void>
}

/**
 * While a run is active, the machine doesn't go to sleep and the task bar or dock shows how far it is; at its
 * end there is a notification, unless the user sees it anyway.
 */
export function createRunSignals(): RunSignals {
  let blocker: number | null = null
  let isRunning = false

  const show = (activity: RunActivity): void => {
    isRunning = activity.isRunning
    if (isRunning) blocker ??= powerSaveBlocker.start('prevent-app-suspension')
    else if (blocker !== null) {
      powerSaveBlocker.stop(blocker)
      blocker = null
    }
    const progress = isRunning ? (activity.progress ?? unknownProgress) : noProgress
    for (const window of BrowserWindow.getAllWindows()) window.setProgressBar(progress)
  }

  return {
    get isRunning() {
      return isRunning
    },
    follow: async (engine) => {
      try {
        // Listening comes first, so that no change falls between.
        const changes = await engine.runs.watch()
        let runs: Runs = new Map((await engine.runs.list()).map((run) => [run.id, run]))
        show(runActivity(runs))
        for await (const change of changes) {
          const notice = runNotice(runs, change)
          if (notice) notify(notice)
          runs = applyChange(runs, change)
          show(runActivity(runs))
        }
      } finally {
        show({ isRunning: false, progress: null })
      }
    },
  }
}

function notify({ title, body }: RunNotice): void {
  const isSeen = BrowserWindow.getFocusedWindow() !== null
  if (isSeen || !Notification.isSupported()) return
  const notification = new Notification({ title, body })
  notification.on('click', () => BrowserWindow.getAllWindows()[0]?.show())
  notification.show()
}
