/**
 * Makes a fresh checkout ready: installs the npm packages if they aren't there or the lock file is newer,
 * and compiles what has changed. Run by `npm start`, `npm run demo`, `npm test`; plain JavaScript, since
 * nothing is installed yet.
 *
 *     node scripts/setup.mjs [--system]    --system: also the Debian packages that the WebGPU tests use
 */
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const modified = (path) => (existsSync(join(root, path)) ? statSync(join(root, path)).mtimeMs : 0)

function run(command, args) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    console.error(`'${command} ${args.join(' ')}' failed.`)
    process.exit(1)
  }
}

if (modified('node_modules/.package-lock.json') < modified('package-lock.json'))
  run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error'])

if (process.argv.includes('--system')) {
  // Chromium brings the software Vulkan device on which the WebGPU tests run.
  const isRoot = process.getuid?.() === 0
  const hasPackages = existsSync('/usr/lib/chromium/vk_swiftshader_icd.json')
  if (process.platform === 'linux' && isRoot && !hasPackages && existsSync('/usr/bin/apt-get')) {
    run('apt-get', ['update', '-qq'])
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'libvulkan1'])
  }
} else run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'])
