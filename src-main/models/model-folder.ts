import { dirname, resolve } from 'node:path'
import { packagePath } from '../base/package-path.ts'

/** The name that stands for the embedded sample model wherever a model's folder is asked for. */
export const sampleModelName = 'sample'

/** The folder of a model: that of the embedded sample model, or the path itself, made absolute. */
export function modelFolder(nameOrPath: string): string {
  return nameOrPath === sampleModelName ? sampleModelFolder() : resolve(nameOrPath)
}

function sampleModelFolder(): string {
  return dirname(packagePath('resources', 'sample-model', 'config.json'))
}
