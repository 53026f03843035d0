#!/usr/bin/env node
/**
 * Starts again in the same process where that makes it faster (`withHugePages`), before anything large is loaded. Before
 * Node.js 22.15 a process can't do that.
 */
import { withHugePages } from '../runtime/huge-pages.ts'

const { execve } = process as {
  readonly execve?: (file: string, args: readonly string[], environment: NodeJS.ProcessEnv) => never
}
const environment = withHugePages(process.env)
if (execve && environment !== process.env)
  execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], environment)
await import('./program.ts')
