import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')
/** Touched by `npm run setup` after each compilation. */
const stamp = join(root, 'dist/build.tsbuildinfo')

let compiled: boolean | undefined

/**
 * What Node.js is told to run a program of ours: what `npm run setup` has compiled, which starts sooner by seconds, or
 * the TypeScript where that has changed since.
 *
 * @param name its path in the package, without an extension
 */
export function programArguments(name: string): string[] {
  compiled ??= isCompiled()
  return compiled ? [join(root, 'dist', `${name}.js`)] : ['--import', 'tsx', join(root, `${name}.ts`)]
}

function isCompiled(): boolean {
  if (!existsSync(stamp)) return false
  const { mtimeMs } = statSync(stamp)
  return [
    'tsconfig.json',
    'tsconfig.build.json',
    'package-lock.json',
    ...sources('src-main'),
    ...sources('resources/stories'),
  ].every((path) => statSync(join(root, path)).mtimeMs < mtimeMs)
}

/** The files of a folder that are compiled, and the folders, whose times tell of files that went. */
function sources(folder: string): string[] {
  const all = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  const compiled = all.filter((name) => !/\.test\.ts$|\btesting\b/.test(name))
  return [folder, ...compiled.map((name) => join(folder, name))]
}
