import type { Download, HubModel } from '../../contract/index.ts'
import { CancelledError } from '../../base/errors.ts'
import {
  cachedModelFolder,
  downloadModel,
  formatModelReference,
  parseModelReference,
  planDownload,
  type DownloadEvent,
  type DownloadedModel,
} from '../../hub/index.ts'
import { describeError } from '../process/engine-errors.ts'
import type { HubAccess } from './hub-access.ts'
import { createRateMeter } from '../jobs/rate-meter.ts'

/** Models on their way from the Hub. */
export interface Downloads {
  /** All since the engine started, oldest first, each until it is forgotten. */
  list(): Download[]
  /**
   * What there is of a model and what a download would fetch. Ends when the signal fires.
   *
   * @throws SpellmError 'setting-invalid' for what isn't an id or address of a model, and as `downloadModel`
   */
  lookUp(id: string, signal: AbortSignal): Promise<HubModel>
  /**
   * Starts or resumes the download of a model. Returns at once.
   *
   * @throws SpellmError 'setting-invalid' for what isn't an id or address of a model
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
      const meter = createRateMeter(() => performance.now())
      const onEvent = (event: DownloadEvent) => {
        if (event.type === 'notice') change({ notice: event.message })
        if (event.type !== 'progress') return
        const { phase, bytesDone, bytesTotal, filesDone, filesTotal } = event
        const amounts = { bytesDone, bytesTotal, filesDone, filesTotal, notice: null }
        if (phase === 'fetch') meter.update(bytesDone, bytesTotal)
        change({ ...amounts, bytesPerSecond: meter.rate, secondsLeft: meter.secondsLeft })
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
      const options = { settings, onEvent: () => undefined, signal }
      return { id, reference: null, size: await planDownload(wanted, options) }
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
