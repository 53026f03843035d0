import { extname, resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** What the desktop app was started with. */
export interface Arguments {
  /** The folder in which the engine keeps settings and runs. */
  readonly data: string | undefined
  /** Weights that were opened with the app. */
  readonly weights: readonly string[]
}

/**
 * Reads the command line. Chromium's own switches and the app's folder, which Electron gets in development, are
 * passed over.
 *
 * @param args without the program
 * @param folder that relative paths belong to
 */
export function parseArguments(args: readonly string[], folder: string): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { data: { type: 'string' } },
    allowPositionals: true,
    strict: false,
  })
  return {
    data: typeof values.data === 'string' ? resolve(folder, values.data) : undefined,
    weights: positionals.filter(isWeights).map((path) => resolve(folder, path)),
  }
}

/** A file that the app is associated with. */
export function isWeights(path: string): boolean {
  return extname(path) === '.safetensors'
}
