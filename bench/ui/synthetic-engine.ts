import { implement } from '@orpc/server'
import { RPCHandler } from '@orpc/server/message-port'
import { setTimeout } from 'node:timers/promises'
import {
  contract,
  settingsSchema,
  type ModelCard,
  type RunChange,
  type RunSummary,
} from '../../src-main/contract/index.ts'
import { RelayedPort } from '../../src-main/web/relayed-port.ts'
import type { EngineAccess } from '../../src-main/web/server.ts'
import { syntheticSettings, type SyntheticRun } from './synthetic-run.ts'

/** As often as the real engine tells of a run. */
const changeMilliseconds = 250

/** What a window asks the engine for while a run is watched: answered in this process, without computing. */
export function syntheticEngine(run: SyntheticRun): EngineAccess {
  const handler = new RPCHandler(createRouter(run))
  return {
    connect: (onMessage) => {
      const port = new RelayedPort(onMessage)
      handler.upgrade(port)
      return {
        send: (data) => {
          port.receive(data)
          return Promise.resolve()
        },
        close: () => port.close(),
      }
    },
  }
}

function createRouter(run: SyntheticRun) {
  const os = implement(contract)
  const unused = (): never => {
    throw new Error('The benchmark does not ask for this.')
  }
  return os.router({
    app: {
      info: os.app.info.handler(() => appInfo),
      dismissCrash: os.app.dismissCrash.handler(unused),
      settings: os.app.settings.handler(() => settingsSchema.parse({})),
      changeSettings: os.app.changeSettings.handler(unused),
      devices: os.app.devices.handler(unused),
      storage: os.app.storage.handler(unused),
      cleanStorage: os.app.cleanStorage.handler(unused),
    },
    files: { browse: os.files.browse.handler(unused) },
    hub: {
      state: os.hub.state.handler(unused),
      setToken: os.hub.setToken.handler(unused),
      removeToken: os.hub.removeToken.handler(unused),
      lookUp: os.hub.lookUp.handler(unused),
    },
    models: {
      list: os.models.list.handler(() => [{ usable: true as const, card: sampleCard }]),
      inspect: os.models.inspect.handler(() => sampleCard),
      add: os.models.add.handler(unused),
      remove: os.models.remove.handler(unused),
      downloads: os.models.downloads.handler(() => []),
      download: os.models.download.handler(unused),
      stopDownload: os.models.stopDownload.handler(unused),
      forgetDownload: os.models.forgetDownload.handler(unused),
    },
    text: { preview: os.text.preview.handler(unused) },
    spelling: {
      preview: os.spelling.preview.handler(unused),
      spell: os.spelling.spell.handler(unused),
    },
    runs: {
      list: os.runs.list.handler(() => [run.summary(), finishedRun]),
      get: os.runs.get.handler(() => run.summary()),
      watch: os.runs.watch.handler(({ signal }) => changesOf(run, signal)),
      estimate: os.runs.estimate.handler(unused),
      start: os.runs.start.handler(unused),
      pause: os.runs.pause.handler(unused),
      resume: os.runs.resume.handler(unused),
      finishEarly: os.runs.finishEarly.handler(unused),
      otherKind: os.runs.otherKind.handler(() => ({ measured: null, offer: null })),
      learnGroups: os.runs.learnGroups.handler(unused),
      remove: os.runs.remove.handler(unused),
      history: os.runs.history.handler(() => run.history()),
      events: os.runs.events.handler(({ input, signal }) => run.events(input.afterStep, signal)),
    },
    console: {
      abilities: os.console.abilities.handler(() => ({ canChat: false })),
      generate: os.console.generate.handler(unused),
      inspectToken: os.console.inspectToken.handler(unused),
    },
    prompts: {
      list: os.prompts.list.handler(() => []),
      save: os.prompts.save.handler(unused),
      remove: os.prompts.remove.handler(unused),
    },
    benchmark: { run: os.benchmark.run.handler(unused) },
  })
}

async function* changesOf(run: SyntheticRun, signal: AbortSignal | undefined): AsyncGenerator<RunChange> {
  while (!signal?.aborted) {
    yield { type: 'changed', run: run.summary() }
    // It rejects when the signal fires, and then there is nothing to wait for.
    await setTimeout(changeMilliseconds, undefined, { signal }).catch(() => undefined)
  }
}

const appInfo = {
  version: '0.0.0',
  engine: {
    onnxruntime: 'none',
    node: process.version,
    platform: process.platform,
    arch: process.arch,
    cpu: 'synthetic',
    cores: 1,
    memoryBytes: 8e9,
  },
  dataFolder: '/data',
  runsFolder: '/runs',
  crash: null,
}

const sampleCard: ModelCard = {
  reference: 'sample',
  name: 'Sample model',
  architecture: 'Llama',
  layers: 6,
  hiddenSize: 256,
  vocabularySize: 4_096,
  contextLength: 512,
  parameters: 5_500_000,
  headParameters: 1_048_576,
  lmHeadShare: 0.19,
  tied: true,
  dtype: 'F16',
  canKeepBlocks: false,
  bytes: 11_000_000,
  memory: { needed: 1e9, free: 4e9 },
}

/** Without one, the console has nothing to show. */
const finishedRun: RunSummary = {
  id: 'finished',
  folder: '/runs/finished',
  status: 'finished',
  created: '2025-12-31T00:00:00Z',
  base: { name: 'Sample model', reference: 'sample' },
  settings: syntheticSettings,
  step: 1_000,
  steps: 1_000,
  progress: null,
  result: {
    agreement: { trie: 0.97, free: 0.95, positions: 32_768 },
    tokens: 800_000,
    steps: 1_000,
    seconds: 240,
    textSeconds: null,
    k: 12,
    alphabetSize: 100,
    loss: 0.5,
    tokenSymbols: 0,
    tailShare: null,
    source: null,
    verdict: null,
    parameters: { tail: 1_000_000, baseHead: 1_048_576 },
  },
  problem: null,
  sparkline: [3.4, 1.2, 0.7, 0.5],
}
