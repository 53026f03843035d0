import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/**
 * A file or folder of this package, named from its root, whose distance from here depends on how this file was
 * compiled.
 *
 * @throws Error if the installation lacks it
 */
export function packagePath(...parts: readonly string[]): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, ...parts)
    if (existsSync(candidate)) return candidate
    if (folder === dirname(folder)) throw new Error(`${join(...parts)} is not part of this installation`)
  }
}
