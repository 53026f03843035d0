import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** The name that stands for the embedded sample model wherever a model's folder is asked for. */
export const sampleModelName = 'sample'

/** The folder of a model: that of the embedded sample model, or the path itself, made absolute. */
export function modelFolder(nameOrPath: string): string {
  return nameOrPath === sampleModelName ? sampleModelFolder() : resolve(nameOrPath)
}

/** The resources lie at the package's root, whose distance depends on how this file was compiled. */
function sampleModelFolder(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const candidate = join(folder, 'resources', 'sample-model')
    if (existsSync(join(candidate, 'config.json'))) return candidate
    if (folder === dirname(folder)) throw new Error('the sample model is not part of this installation')
  }
}
