import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { SupportedMessagePort } from '@orpc/client/message-port'
import { RPCHandler } from '@orpc/server/message-port'
import { ownCosts } from '../decode/known-costs.ts'
import { describeSystemError, SpellmError } from '../base/errors.ts'
import { tryLock } from '../base/file-lock.ts'
import type { RunProbe } from '../runtime/devices/probe-child.ts'
import { createTurns } from '../runtime/turns.ts'
import { openAppState, type Crash } from './state/app-state.ts'
import { createBenchmarks } from './jobs/benchmarks.ts'
import { createModelConsole } from './console/console.ts'
import { createDownloads } from './library/downloads.ts'
import { createHubAccess } from './library/hub-access.ts'
import { createCorpusSamples } from './preview/corpus-samples.ts'
import { createEstimates } from './preview/estimates.ts'
import { guardedPort } from './process/guarded-port.ts'
import { openRuns, type Runs } from './jobs/runs.ts'
import { ownDevices } from '../conversion/own-devices.ts'
import { createRouter } from './router.ts'
import { openSavedPrompts } from './console/saved-prompts.ts'
import { createSpellingPreviews } from './preview/spelling-preview.ts'
import { createTokenStore, type KeyStore } from './library/token-store.ts'

/** The engine: answers the contract's requests on any number of ports, and works on runs. */
export interface Engine {
  /** Answers on a port until it closes. Anything that oRPC takes for a port will do. */
  connect(port: SupportedMessagePort): void
  /** Ends all streams, saves a checkpoint of the run that trains, and gives everything back. */
  close(): Promise<void>
}

export interface EngineOptions {
  /** Where settings, runs and saved prompts are. Only one engine at a time may have it open. */
  readonly dataFolder: string
  /** Why the engine before this one ended, if not as it should. */
  readonly crash: Crash | null
  /** How this host starts a process that tries a device. */
  readonly runProbe?: RunProbe
  /** The system's key store, if this host has one. */
  readonly keyStore?: KeyStore
}

/**
 * Starts the engine in this process. It belongs in a process of its own, because it computes on its only thread.
 *
 * @throws SpellmError 'run-busy' (another engine has the data folder open) | 'permission-denied' | 'disk-full'
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const folder = resolve(options.dataFolder)
  const unlock = await lockDataFolder(folder)
  try {
    return await openEngine(folder, options, unlock)
  } catch (error) {
    await unlock()
    throw error
  }
}

async function openEngine(
  folder: string,
  { crash, runProbe, keyStore }: EngineOptions,
  unlock: () => Promise<void>,
): Promise<Engine> {
  const devices = ownDevices(folder, runProbe)
  const closing = new AbortController()
  const turns = createTurns()
  let runs: Runs | null = null
  const app = await openAppState(folder, crash, () => runs?.isBusy ?? false)
  const runsFolder = () => app.runsFolder
  const folderOf = (id: string) => join(app.runsFolder, id)
  const modelConsole = createModelConsole(turns, {
    folderOf,
    device: async () => (await devices.resolve(app.settings.device)).device,
    knownCosts: ownCosts(folder),
  })
  runs = await openRuns(join(folder, 'jobs.json'), runsFolder, {
    turn: turns.background,
    devices,
    makeRoom: () => modelConsole.releaseIdle(),
  })
  const corpora = createCorpusSamples()
  const tokens = createTokenStore(join(folder, 'hub-token'), keyStore ?? null)
  const hub = createHubAccess(tokens)
  const downloads = createDownloads(hub, (folder) => app.addModel(folder))
  const router = createRouter({
    app,
    devices,
    hub,
    tokens,
    downloads,
    runs,
    corpora,
    spelling: createSpellingPreviews(corpora),
    estimates: createEstimates(corpora, runsFolder, devices, turns.foreground),
    modelConsole,
    prompts: await openSavedPrompts(join(folder, 'prompts.json')),
    benchmarks: createBenchmarks(turns, { folderOf, makeRoom: () => modelConsole.releaseIdle() }),
    turns,
    closing: closing.signal,
  })
  const handler = new RPCHandler(router)
  return {
    connect: (port) => handler.upgrade(guardedPort(port)),
    close: async () => {
      closing.abort()
      await downloads.close()
      await runs.close()
      await modelConsole.releaseIdle()
      await unlock()
    },
  }
}

async function lockDataFolder(folder: string): Promise<() => Promise<void>> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw describeSystemError(error, folder)
  }
  const attempt = await tryLock({ folder: join(folder, 'lock') })
  if (attempt.holder === null) return attempt.release
  throw new SpellmError(
    'run-busy',
    `${folder} is in use by another SpeLLM Studio, process ${attempt.holder.pid}.`,
    'Close the other one, or choose another data folder.',
  )
}
