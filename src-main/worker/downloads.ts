import type { Download } from '../contract/index.ts'
import { CancelledError, SpellmError } from '../errors.ts'
import {
  downloadModel,
  formatModelReference,
  parseModelReference,
  readHubSettings,
  type DownloadEvent,
  type DownloadedModel,
} from '../hub/index.ts'

/** Models on their way from the Hub. */
export interface Downloads {
  /** All since the engine started, oldest first, each until it is forgotten. */
  list(): Download[]
  /**
   * Begins to fetch a model, or goes on with it. Returns at once.
   *
   * @throws SpellmError 'setting-invalid' for what is no id or address of a model
   */
  start(id: string): Promise<void>
  /** Stops it; what has arrived is kept. */
  stop(id: string): void
  /** Takes one that isn't running out of the list. */
  forget(id: string): void
  /** Stops all. */
  close(): Promise<void>
}

interface Entry {
  state: Download
  readonly stopping: AbortController
  readonly done: Promise<void>
}

/** @param onFinished puts the model's folder into the library */
export function createDownloads(onFinished: (folder: string) => Promise<unknown>): Downloads {
  const entries = new Map<string, Entry>()

  const fetchModel = async (id: string, entry: () => Entry, signal: AbortSignal) => {
    const change = (changes: Partial<Download>) => (entry().state = { ...entry().state, ...changes })
    try {
      const settings = await readHubSettings()
      const meter = createMeter()
      const onEvent = (event: DownloadEvent) => {
        if (event.type !== 'progress') return
        const { phase, bytesDone, bytesTotal, filesDone, filesTotal } = event
        const rates = phase === 'fetch' ? meter(bytesDone, bytesTotal) : {}
        change({ bytesDone, bytesTotal, filesDone, filesTotal, ...rates })
      }
      const reference = parseModelReference(id, settings.endpoint)
      const { folder }: DownloadedModel = await downloadModel(reference, { settings, onEvent, signal })
      await onFinished(folder)
      change({ status: 'finished', reference: folder, secondsLeft: null })
    } catch (error) {
      if (error instanceof CancelledError) change({ status: 'stopped', secondsLeft: null })
      else if (error instanceof SpellmError)
        change({
          status: 'failed',
          problem: { message: error.message, remedy: error.remedy },
          secondsLeft: null,
        })
      else {
        change({ status: 'failed', problem: { message: String(error), remedy: '' }, secondsLeft: null })
        throw error
      }
    }
  }

  return {
    list: () => [...entries.values()].map(({ state }) => state),
    start: async (given) => {
      const { endpoint } = await readHubSettings()
      const id = formatModelReference(parseModelReference(given.trim(), endpoint))
      if (entries.get(id)?.state.status === 'running') return
      const stopping = new AbortController()
      const state: Download = {
        id,
        status: 'running',
        bytesDone: 0,
        bytesTotal: null,
        filesDone: 0,
        filesTotal: 0,
        bytesPerSecond: null,
        secondsLeft: null,
        reference: null,
        problem: null,
      }
      const entry: Entry = {
        state,
        stopping,
        // Begins when the entry is in the list.
        done: Promise.resolve().then(() => fetchModel(id, () => entry, stopping.signal)),
      }
      entries.delete(id)
      entries.set(id, entry)
    },
    stop: (id) => entries.get(id)?.stopping.abort(),
    forget: (id) => {
      if (entries.get(id)?.state.status !== 'running') entries.delete(id)
    },
    close: async () => {
      for (const { stopping } of entries.values()) stopping.abort()
      await Promise.all([...entries.values()].map(({ done }) => done))
    },
  }
}

/** Rate and time left; what was there before doesn't count for the rate. */
function createMeter() {
  const started = performance.now()
  let first: number | null = null
  return (done: number, total: number) => {
    first ??= done
    const bytesPerSecond = (1000 * Math.max(0, done - first)) / Math.max(1, performance.now() - started)
    return {
      bytesPerSecond,
      secondsLeft: bytesPerSecond === 0 ? null : (total - done) / bytesPerSecond,
    }
  }
}
