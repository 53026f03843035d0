import { access, constants, mkdir } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import {
  settingsSchema,
  type AppInfo,
  type ModelCard,
  type Settings,
  type StoragePlace,
} from '../../contract/index.ts'
import { describeSystemError, SpellmError } from '../../base/errors.ts'
import { sampleModelName } from '../../models/model-folder.ts'
import { packageVersion } from '../../base/package-version.ts'
import { openJsonStore } from './json-store.ts'
import { freeDiskBytes, machine } from '../../conversion/machine.ts'
import { inspectModel } from '../library/model-library.ts'
import { cleanStorage, storagePlaces, type CleanableKind } from '../library/storage.ts'

/** Why the engine before this one ended. */
export type Crash = NonNullable<AppInfo['crash']>

/** What belongs to the app as a whole: its settings, its library of models, its places on disk. */
export interface AppState {
  readonly settings: Settings
  readonly runsFolder: string
  info(): AppInfo
  dismissCrash(): void
  /** Throws SpellmError 'setting-invalid' | 'run-status' | 'permission-denied'. */
  changeSettings(changes: SettingsChanges): Promise<Settings>
  /** Throws SpellmError as `inspectModel`. */
  addModel(reference: string): Promise<ModelCard>
  removeModel(reference: string): Promise<void>
  storage(): Promise<{ places: StoragePlace[]; freeBytes: number }>
  cleanStorage(kind: CleanableKind): Promise<number>
}

type SettingsChanges = { readonly [Name in keyof Settings]?: Settings[Name] | undefined }

/**
 * Opens the app's state in its data folder.
 *
 * @param isBusy whether a run works in the runs folder or waits for it
 * @throws SpellmError 'permission-denied' | 'disk-full'
 */
export async function openAppState(
  folder: string,
  crash: Crash | null,
  isBusy: () => boolean,
): Promise<AppState> {
  const store = await openJsonStore(join(folder, 'settings.json'), settingsSchema, settingsSchema.parse({}))
  const ownRunsFolder = join(folder, 'runs')
  await makeFolder(ownRunsFolder)
  const runsFolder = () => store.value.runsFolder ?? ownRunsFolder
  const version = packageVersion()
  let undismissed = crash

  const changeSettings = async (changes: SettingsChanges) => {
    const next = settingsSchema.parse({ ...store.value, ...changes })
    if (next.runsFolder !== store.value.runsFolder) {
      if (isBusy())
        throw new SpellmError(
          'run-status',
          "The folder of runs can't be changed while a run is running or queued.",
          'Pause these runs first.',
        )
      if (next.runsFolder !== null) await requireUsableFolder(next.runsFolder)
    }
    await store.set(next)
    return next
  }

  return {
    get settings() {
      return store.value
    },
    get runsFolder() {
      return runsFolder()
    },
    info: () => ({
      version,
      engine: machine(),
      dataFolder: folder,
      runsFolder: runsFolder(),
      crash: undismissed,
    }),
    dismissCrash: () => {
      undismissed = null
    },
    changeSettings,
    addModel: async (reference) => {
      const card = await inspectModel(reference)
      const { models } = store.value
      if (reference !== sampleModelName && !models.includes(reference))
        await changeSettings({ models: [...models, reference] })
      return card
    },
    removeModel: async (reference) => {
      await changeSettings({ models: store.value.models.filter((other) => other !== reference) })
    },
    storage: async () => ({
      places: await storagePlaces(runsFolder()),
      freeBytes: await freeDiskBytes(runsFolder()),
    }),
    cleanStorage: (kind) => cleanStorage(runsFolder(), kind),
  }
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw describeSystemError(error, folder)
  }
}

async function requireUsableFolder(folder: string): Promise<void> {
  if (!isAbsolute(folder))
    throw new SpellmError('setting-invalid', `'${folder}' isn't an absolute path.`, 'Enter the full path.')
  await makeFolder(folder)
  await access(folder, constants.W_OK).catch((error: unknown) => {
    throw describeSystemError(error, folder)
  })
}
