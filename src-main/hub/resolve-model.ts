import { existsSync } from 'node:fs'
import { SpellmError } from '../base/errors.ts'
import { cachedModelFolder } from './cache.ts'
import { formatModelReference, isModelReference, parseModelReference } from './reference.ts'
import { readHubLocation } from './settings.ts'

/**
 * What a person gives for a model, as a path: the folder of a model that was downloaded, where a Hub reference is
 * given that isn't a path on this machine; everything else as it is. Asks nothing of the network.
 *
 * @throws SpellmError 'model-not-found' for a reference that isn't in the cache, and as `cachedModelFolder`
 */
export async function resolveModel(nameOrPath: string): Promise<string> {
  const { cacheFolder, endpoint } = readHubLocation()
  if (existsSync(nameOrPath) || !isModelReference(nameOrPath, endpoint)) return nameOrPath
  const reference = parseModelReference(nameOrPath, endpoint)
  const folder = await cachedModelFolder(reference, cacheFolder)
  if (folder !== null) return folder
  const name = formatModelReference(reference)
  throw new SpellmError(
    'model-not-found',
    `${nameOrPath} isn't a folder on this machine, and no model of this name is in the cache (${cacheFolder}).`,
    `Check the path, or fetch the model from the Hub: spellm download ${name}`,
  )
}
