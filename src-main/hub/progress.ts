import type { HubFile } from './listing.ts'

/** `check`: what is there is compared with the listing; `fetch`: the rest comes. */
export type DownloadPhase = 'check' | 'fetch'

/** How much of a model is there, over all its files. */
export interface DownloadAmounts {
  /** Goes down when bytes turn out to be bad. */
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly filesDone: number
  readonly filesTotal: number
}

/** Where a download is. */
export interface DownloadProgress extends DownloadAmounts {
  readonly type: 'progress'
  readonly phase: DownloadPhase
  /** The file that moved last. */
  readonly file: string
}

/** Adds up the progress of files that come side by side. */
export interface ProgressSum {
  /** So many of a file's bytes are there. */
  set(file: HubFile, bytes: number): void
  /** Reports at once. */
  report(file: HubFile): void
}

/** A report in between comes at most this often, in milliseconds. */
const interval = 100

/** Counts from `done` bytes of each file on; nothing is reported yet. */
export function sumProgress(
  phase: DownloadPhase,
  files: readonly HubFile[],
  done: ReadonlyMap<string, number>,
  onEvent: (event: DownloadProgress) => void,
): ProgressSum {
  const bytesOf = new Map(files.map(({ path }) => [path, done.get(path) ?? 0]))
  let reported = -Infinity
  const report = ({ path: file }: HubFile) => {
    reported = performance.now()
    onEvent({ type: 'progress', phase, file, ...amountsOf(files, bytesOf) })
  }
  return {
    set: (file, bytes) => {
      bytesOf.set(file.path, bytes)
      if (bytes === file.size || performance.now() - reported >= interval) report(file)
    },
    report,
  }
}

/** @param bytesOf how much of each file is there, by its path */
export function amountsOf(files: readonly HubFile[], bytesOf: ReadonlyMap<string, number>): DownloadAmounts {
  return {
    bytesDone: [...bytesOf.values()].reduce((sum, bytes) => sum + bytes, 0),
    bytesTotal: totalBytes(files),
    filesDone: files.filter(({ path, size }) => bytesOf.get(path) === size).length,
    filesTotal: files.length,
  }
}

/** The total size of files, in bytes. */
export function totalBytes(files: readonly HubFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0)
}
