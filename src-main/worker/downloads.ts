import type { Download, HubModel } from '../contract/index.ts'
import { CancelledError } from '../errors.ts'
import {
  cachedModelFolder,
  downloadModel,
  formatModelReference,
  parseModelReference,
  type DownloadEvent,
  type DownloadedModel,
  type DownloadProgress,
} from '../hub/index.ts'
import { describeError } from './engine-errors.ts'
import type { HubAccess } from './hub-access.ts'

/** Models on their way from the Hub. */
export interface Downloads {
  /** All since the engine started, oldest first, each until it is forgotten. */
  list(): Download[]
  /**
   * What there is of a model and what a download would fetch. Ends when the signal fires.
   *
   * @throws SpellmError 'setting-invalid' for what is no id or address of a model, and as `downloadModel`
   */
  lookUp(id: string, signal: AbortSignal): Promise<HubModel>
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
export function createDownloads(
  hub: Pick<HubAccess, 'settings'>,
  onFinished: (folder: string) => Promise<unknown>,
): Downloads {
  const entries = new Map<string, Entry>()

  const fetchModel = async (id: string, entry: () => Entry, signal: AbortSignal) => {
    const change = (changes: Partial<Download>) => (entry().state = { ...entry().state, ...changes })
    try {
      const settings = await hub.settings()
      const meter = createMeter()
      const onEvent = (event: DownloadEvent) => {
        if (event.type === 'notice') change({ notice: event.message })
        if (event.type !== 'progress') return
        const { phase, bytesDone, bytesTotal, filesDone, filesTotal } = event
        const rates = phase === 'fetch' ? meter(bytesDone, bytesTotal) : {}
        change({ bytesDone, bytesTotal, filesDone, filesTotal, ...rates, notice: null })
      }
      const reference = parseModelReference(id, settings.endpoint)
      const { folder }: DownloadedModel = await downloadModel(reference, { settings, onEvent, signal })
      await onFinished(folder)
      change({ status: 'finished', reference: folder, secondsLeft: null, notice: null })
    } catch (error) {
      const end = { secondsLeft: null, notice: null }
      if (error instanceof CancelledError) change({ ...end, status: 'stopped' })
      else change({ ...end, status: 'failed', problem: describeError(error) })
    }
  }

  return {
    list: () => [...entries.values()].map(({ state }) => state),
    lookUp: async (given, signal) => {
      const settings = await hub.settings()
      const wanted = parseModelReference(given.trim(), settings.endpoint)
      const id = formatModelReference(wanted)
      const cached = await cachedModelFolder(wanted, settings.cacheFolder)
      if (cached !== null) return { id, reference: cached, size: null }
      const stop = new AbortController()
      const known: DownloadProgress[] = []
      // A download knows its size when it begins to fetch files: there it is stopped, before the first byte.
      const onEvent = (event: DownloadEvent) => {
        if (event.type !== 'progress' || event.phase !== 'fetch') return
        known.push(event)
        stop.abort()
      }
      try {
        const options = { settings, onEvent, signal: AbortSignal.any([signal, stop.signal]) }
        const { folder } = await downloadModel(wanted, options)
        return { id, reference: folder, size: null }
      } catch (error) {
        const [size] = known
        if (!(error instanceof CancelledError) || !size) throw error
        const { bytesDone, bytesTotal, filesDone, filesTotal } = size
        return { id, reference: null, size: { bytesDone, bytesTotal, filesDone, filesTotal } }
      }
    },
    start: async (given) => {
      const { endpoint } = await hub.settings()
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
        notice: null,
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
