/** Checks the types of all parts: `npm run typecheck`. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { projects } from './projects.mjs'

const root = join(import.meta.dirname, '..')
const compiler = join(root, 'node_modules/typescript/bin/tsc')
const results = projects.map(([name, folder]) => {
  const { status } = spawnSync(process.execPath, [compiler, '--noEmit', '-p', folder], {
    cwd: root,
    stdio: 'inherit',
  })
  console.log(`${status === 0 ? '✓' : '✗'} ${name}`)
  return status
})
process.exit(results.every((status) => status === 0) ? 0 : 1)
