import envPaths from 'env-paths'
import { join, resolve } from 'node:path'

/**
 * Where the engine keeps settings and runs: `chosen`, else the environment's SPELLM_DATA, else the system's
 * folder for it. The same for every host, so that all of them show the same runs.
 */
export function dataFolder(chosen: string | undefined): string {
  // A folder within: on macOS the desktop host's profile is next to it.
  const usual = join(envPaths('spellm-studio', { suffix: '' }).data, 'studio')
  return resolve(chosen ?? process.env['SPELLM_DATA'] ?? usual)
}
