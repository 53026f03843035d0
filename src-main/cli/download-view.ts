import type { DownloadEvent, DownloadPhase } from '../hub/index.ts'
import { progressBars } from './output.ts'

const labels: Record<DownloadPhase, string> = { check: 'Checking', fetch: 'Fetching' }

/** Shows a download's events as progress bars on standard error. */
export function downloadView(): {
  readonly onEvent: (event: DownloadEvent) => void
  readonly end: () => void
} {
  const bars = progressBars()
  let phase: DownloadPhase | null = null
  return {
    end: () => bars.end(),
    onEvent: (event) => {
      switch (event.type) {
        case 'commit':
          console.error(`Commit ${event.commit}`)
          break
        case 'progress':
          if (event.phase !== phase) {
            phase = event.phase
            bars.begin(labels[phase], 'B')
          }
          bars.current?.update(
            event.bytesDone,
            event.bytesTotal,
            `${event.filesDone}/${event.filesTotal} files  ${event.file}`,
          )
          break
        case 'notice':
          if (bars.current) bars.current.log(event.message)
          else console.error(event.message)
      }
    },
  }
}
