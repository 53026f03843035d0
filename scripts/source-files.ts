import { join } from 'node:path'
import ts from 'typescript'

/** The root of the repository. */
export const root = join(import.meta.dirname, '..')

/** Paths of a folder's TypeScript files, without those of tests. */
export const sourceFiles = (folder: string): string[] =>
  ts.sys
    .readDirectory(join(root, folder), ['.ts', '.tsx'])
    .filter((path) => !/\.test\.tsx?$|[/\\]testing[/\\]/.test(path))
    .sort()
