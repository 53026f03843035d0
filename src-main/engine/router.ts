import { implement } from '@orpc/server'
import { contract, type DeviceSurvey } from '../contract/index.ts'
import type { DeviceSurvey as KnownSurvey, KnownDevices } from '../runtime/devices/known-devices.ts'
import { attendTo, type Turns } from '../runtime/turns.ts'
import type { AppState } from './state/app-state.ts'
import type { Benchmarks } from './jobs/benchmarks.ts'
import { browseFolder } from './library/browse-folder.ts'
import type { ModelConsole } from './console/console.ts'
import type { CorpusSamples } from './preview/corpus-samples.ts'
import { describeError } from './process/engine-errors.ts'
import type { Estimates } from './preview/estimates.ts'
import type { Runs } from './jobs/runs.ts'
import { inspectModel, listModels } from './library/model-library.ts'
import type { Downloads } from './library/downloads.ts'
import type { HubAccess } from './library/hub-access.ts'
import type { TokenStore } from './library/token-store.ts'
import { sampleModelName } from '../models/model-folder.ts'
import type { SavedPrompts } from './console/saved-prompts.ts'
import type { SpellingPreviews } from './preview/spelling-preview.ts'

/** What answers the contract's requests. */
export interface Services {
  readonly app: AppState
  readonly devices: KnownDevices
  readonly hub: HubAccess
  readonly tokens: TokenStore
  readonly downloads: Downloads
  readonly runs: Runs
  readonly corpora: CorpusSamples
  readonly spelling: SpellingPreviews
  readonly estimates: Estimates
  readonly modelConsole: ModelConsole
  readonly prompts: SavedPrompts
  readonly benchmarks: Benchmarks
  readonly turns: Turns
  /** Fires when the engine closes. */
  readonly closing: AbortSignal
}

/** The contract's procedures, each of them one call of a service. */
// eslint-disable-next-line max-lines-per-function -- a table: a line for each procedure, with nothing between them
export function createRouter(services: Services) {
  const {
    app,
    devices,
    hub,
    tokens,
    downloads,
    runs,
    corpora,
    spelling,
    estimates,
    modelConsole,
    prompts,
    benchmarks,
    turns,
    closing,
  } = services
  const os = implement(contract).use(async ({ next, errors }) => {
    const toContract = (error: unknown) => errors.ENGINE({ data: describeError(error) })
    try {
      const result = await next()
      const { output } = result as { output: unknown }
      if (!isStream(output)) return result
      return { ...result, output: withErrors(output, toContract) }
    } catch (error) {
      throw toContract(error)
    }
  })

  /** Somebody waits for the answer: training steps aside. */
  const attended = <T>(work: () => Promise<T>) => attendTo(turns, work)
  /** The end of a stream: its listener is gone, or the engine closes. */
  const ending = (signal: AbortSignal | undefined) => (signal ? AbortSignal.any([signal, closing]) : closing)

  return os.router({
    app: {
      info: os.app.info.handler(() => app.info()),
      dismissCrash: os.app.dismissCrash.handler(() => app.dismissCrash()),
      settings: os.app.settings.handler(() => app.settings),
      changeSettings: os.app.changeSettings.handler(({ input }) => app.changeSettings(input)),
      devices: os.app.devices.handler(async ({ input }) => deviceSurvey(await devices.survey(input))),
      storage: os.app.storage.handler(() => app.storage()),
      cleanStorage: os.app.cleanStorage.handler(async ({ input }) => ({
        freedBytes: await app.cleanStorage(input.kind),
      })),
    },
    hub: {
      state: os.hub.state.handler(() => hub.state()),
      setToken: os.hub.setToken.handler(({ input }) => tokens.write(input.token)),
      removeToken: os.hub.removeToken.handler(() => tokens.remove()),
      lookUp: os.hub.lookUp.handler(({ input, signal }) => downloads.lookUp(input.id, ending(signal))),
    },
    files: { browse: os.files.browse.handler(({ input }) => browseFolder(input.folder)) },
    models: {
      list: os.models.list.handler(() => listModels([sampleModelName, ...app.settings.models])),
      inspect: os.models.inspect.handler(({ input }) => inspectModel(input.reference)),
      add: os.models.add.handler(({ input }) => app.addModel(input.reference)),
      remove: os.models.remove.handler(({ input }) => app.removeModel(input.reference)),
      downloads: os.models.downloads.handler(() => downloads.list()),
      download: os.models.download.handler(({ input }) => downloads.start(input.id)),
      stopDownload: os.models.stopDownload.handler(({ input }) => downloads.stop(input.id)),
      forgetDownload: os.models.forgetDownload.handler(({ input }) => downloads.forget(input.id)),
    },
    text: {
      preview: os.text.preview.handler(({ input }) =>
        attended(() => corpora.preview(input.model, input.texts)),
      ),
    },
    spelling: {
      preview: os.spelling.preview.handler(({ input }) => attended(() => spelling.preview(input))),
      spell: os.spelling.spell.handler(({ input: { text, ...choice } }) =>
        attended(() => spelling.spell(choice, text)),
      ),
    },
    runs: {
      list: os.runs.list.handler(() => runs.list()),
      get: os.runs.get.handler(({ input }) => runs.get(input.id)),
      watch: os.runs.watch.handler(({ signal }) => runs.watch(ending(signal))),
      estimate: os.runs.estimate.handler(({ input }) => attended(() => estimates.estimate(input))),
      start: os.runs.start.handler(({ input }) => runs.start(input.name, input.request)),
      pause: os.runs.pause.handler(({ input }) => runs.pause(input.id)),
      resume: os.runs.resume.handler(({ input }) => runs.resume(input.id)),
      finishEarly: os.runs.finishEarly.handler(({ input }) => runs.finishEarly(input.id)),
      otherKind: os.runs.otherKind.handler(({ input }) => runs.otherKind(input.id)),
      learnGroups: os.runs.learnGroups.handler(({ input }) => runs.learnGroups(input.id)),
      remove: os.runs.remove.handler(({ input }) => runs.remove(input.id)),
      history: os.runs.history.handler(({ input }) => runs.history(input.id)),
      events: os.runs.events.handler(({ input, signal }) => runs.events(input.id, input, ending(signal))),
    },
    console: {
      abilities: os.console.abilities.handler(({ input }) => modelConsole.abilities(input.source)),
      generate: os.console.generate.handler(({ input, signal }) =>
        modelConsole.generate(input, ending(signal)),
      ),
      inspectToken: os.console.inspectToken.handler(({ input }) =>
        modelConsole.inspectToken(input.source, input.context),
      ),
    },
    prompts: {
      list: os.prompts.list.handler(() => prompts.list()),
      save: os.prompts.save.handler(({ input }) => prompts.save(input)),
      remove: os.prompts.remove.handler(({ input }) => prompts.remove(input.id)),
    },
    benchmark: {
      run: os.benchmark.run.handler(({ input, signal }) => benchmarks.run(input, ending(signal))),
    },
  })
}

function deviceSurvey({ checked, automatic, reports }: KnownSurvey): DeviceSurvey {
  return { checked, automatic, reports: [...reports] }
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/** A stream's errors come after its call has returned, so they are turned on their way. */
async function* withErrors<T>(stream: AsyncIterable<T>, toContract: (error: unknown) => Error) {
  try {
    yield* stream
  } catch (error) {
    throw toContract(error)
  }
}
