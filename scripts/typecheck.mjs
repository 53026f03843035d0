/** The types of all parts, each with the configuration of its own: `npm run typecheck`. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** What is checked, and where its tsconfig.json is. */
export const projects = [
  ['types', '.'],
  ['types of the renderer', 'src-renderer'],
  ['types of the preload script', 'src-main/electron/preload'],
  ['types of the end-to-end tests', 'e2e'],
  ['types of the benchmarks', 'bench'],
]

if (process.argv[1] === import.meta.filename) {
  const root = join(import.meta.dirname, '..')
  const results = projects.map(([name, folder]) => {
    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const { status } = spawnSync(process.execPath, [compiler, '--noEmit', '-p', folder], {
      cwd: root,
      stdio: 'inherit',
    })
    console.log(`${status === 0 ? '✓' : '✗'} ${name}`)
    return status
  })
  process.exit(results.every((status) => status === 0) ? 0 : 1)
}
