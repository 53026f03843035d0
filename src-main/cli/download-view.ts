import type { DownloadEvent, DownloadPhase } from '../hub/index.ts'
import { progressBar, type ProgressBar } from './output.ts'

const labels: Record<DownloadPhase, string> = { check: 'Checking', fetch: 'Fetching' }

/** Shows a download's events as progress bars on standard error. */
export function downloadView(): {
  readonly onEvent: (event: DownloadEvent) => void
  readonly end: () => void
} {
  let bar: ProgressBar | null = null
  let phase: DownloadPhase | null = null
  const end = () => {
    bar?.end()
    bar = null
  }
  return {
    end,
    onEvent: (event) => {
      switch (event.type) {
        case 'commit':
          console.error(`Commit ${event.commit}`)
          break
        case 'progress':
          if (event.phase !== phase) {
            end()
            phase = event.phase
            bar = progressBar(labels[phase], 'B')
          }
          bar?.update(
            event.bytesDone,
            event.bytesTotal,
            `${event.filesDone}/${event.filesTotal} files  ${event.file}`,
          )
          break
        case 'notice':
          if (bar) bar.log(event.message)
          else console.error(event.message)
      }
    },
  }
}
