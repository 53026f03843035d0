import { totalmem } from 'node:os'
import type { KvContext } from '../../decode/generate.ts'
import type { KnownCosts } from '../../decode/known-costs.ts'
import { openTextGenerator, type GenerationMode, type TextGenerator } from '../../decode/text-generator.ts'
import { fileStamp } from '../../formats/file-stamp.ts'
import { parameterCount } from '../../models/architecture.ts'
import type { Device } from '../../runtime/session.ts'

/** What somebody does with a model: each continues with its own keys and values. */
export type Purpose = GenerationMode | 'inspect'

/** A model in use. */
interface LoadedModel {
  readonly generator: TextGenerator
  /** What was read for this purpose before; a new one while somebody else continues with that. */
  readonly kvContext: KvContext
  /** Gives both back. */
  readonly done: () => void
}

/** A model on disk. */
export interface ModelPlace {
  /** The folder of a base model, or of a run with a SpeLLM. */
  readonly path: string
  /** A change of one of these files makes it another model. */
  readonly files: readonly string[]
  readonly device: Device
}

/** Models that stay loaded after their use, as far as memory allows. */
export interface LoadedModels {
  /** Loads a model, or takes it as it was left. Throws SpellmError as `openTextGenerator`. */
  use(place: ModelPlace, purpose: Purpose): Promise<LoadedModel>
  /** Releases all models that nobody uses at the moment. */
  releaseIdle(): Promise<void>
}

interface Entry {
  readonly path: string
  /** What identifies the state of the files and the device. */
  readonly stamp: string
  readonly opened: Promise<TextGenerator>
  readonly idle: Map<Purpose, KvContext>
  users: number
}

const maxModels = 3
/** All loaded models together may take this share of the machine's memory; one alone may take more. */
const memoryShare = 0.25

/**
 * No models yet.
 *
 * @param knownCosts what passes were found to cost
 */
export function createLoadedModels(knownCosts: KnownCosts): LoadedModels {
  /** The one used last is the last. */
  let entries: Entry[] = []

  const remove = (removed: Entry) => {
    entries = entries.filter((entry) => entry !== removed)
  }
  const release = async (released: readonly Entry[]) => {
    for (const entry of released) {
      remove(entry)
      await (await entry.opened).release()
    }
  }
  const isIdle = ({ users }: Entry) => users === 0

  const enter = ({ path, device }: ModelPlace, stamp: string): Entry => {
    const found = entries.find((entry) => entry.path === path && entry.stamp === stamp)
    const entry = found ?? {
      path,
      stamp,
      opened: openTextGenerator(path, { device, knownCosts }),
      idle: new Map<Purpose, KvContext>(),
      users: 0,
    }
    remove(entry)
    entries.push(entry)
    return entry
  }
  /** The idle ones beyond what may stay loaded, the latest kept first. */
  const surplus = async (): Promise<Entry[]> => {
    let bytes = 0
    const found: Entry[] = []
    for (const [i, entry] of [...entries].reverse().entries()) {
      bytes += 4 * parameterCount((await entry.opened).base.architecture)
      if (i > 0 && (i >= maxModels || bytes > memoryShare * totalmem())) found.push(entry)
    }
    return found.filter(isIdle)
  }

  return {
    use: async (place, purpose) => {
      const stamp = JSON.stringify([place.device, await fileStamp(place.files)])
      const outdated = entries.filter((other) => other.path === place.path && other.stamp !== stamp)
      await release(outdated.filter(isIdle))
      const entry = enter(place, stamp)
      entry.users++
      const generator = await entry.opened.catch((error: unknown) => {
        remove(entry)
        throw error
      })
      await release(await surplus())
      const kvContext = entry.idle.get(purpose) ?? generator.createKvContext()
      entry.idle.delete(purpose)
      return {
        generator,
        kvContext,
        done: () => {
          entry.users--
          entry.idle.get(purpose)?.cache.release()
          entry.idle.set(purpose, kvContext)
        },
      }
    },
    releaseIdle: () => release(entries.filter(isIdle)),
  }
}
