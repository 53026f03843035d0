/**
 * Makes a fresh checkout ready, and costs next to nothing when it is: installs the npm packages if they aren't
 * there or the lock file is newer, compiles src-main and builds the renderer if their sources are newer. Run
 * by `npm start`, `npm run demo`, `npm test`; plain JavaScript, since nothing is installed yet.
 *
 *     node scripts/setup.mjs [--system]    --system: also the Debian packages that the tests use
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

function run(command, args) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    env: {
      ...process.env,
      // Electron's binary is fetched by `npm start`, where its absence has a remedy.
      ELECTRON_SKIP_BINARY_DOWNLOAD: '1',
      // onnxruntime-node's install script would fetch the CUDA libraries, hundreds of megabytes that few can use. npm
      // from 11.16 on doesn't run it (package.json's `allowScripts`); older ones do, and it reads this variable.
      ONNXRUNTIME_NODE_INSTALL: 'skip',
    },
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && command !== process.execPath,
  })
  if (status !== 0) {
    console.error(`'${command} ${args.join(' ')}' failed.`)
    process.exit(1)
  }
}

/** When a file, or anything in a folder, was last changed; 0 if it isn't there. */
function lastChange(path) {
  const absolute = join(root, path)
  if (!existsSync(absolute)) return 0
  const stats = statSync(absolute)
  if (!stats.isDirectory()) return stats.mtimeMs
  // A folder's own time tells of files that went.
  return Math.max(stats.mtimeMs, ...readdirSync(absolute).map((name) => lastChange(join(path, name))))
}

/** Runs `make` unless `product` is newer than all `sources`. */
function build(product, sources, make) {
  if (lastChange(product) > Math.max(...sources.map(lastChange))) return
  // What changes while it is made may not be in it.
  const begun = new Date()
  make()
  // A compiler that finds nothing to change doesn't touch its product.
  utimesSync(join(root, product), begun, begun)
}

const installed = 'node_modules/.package-lock.json'
build(installed, ['package-lock.json'], () =>
  run('npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error']),
)

if (process.argv.includes('--system')) {
  // Chromium runs the end-to-end tests, and brings the software Vulkan device on which the WebGPU tests run.
  const isRoot = process.getuid?.() === 0
  const hasPackages = existsSync('/usr/lib/chromium/vk_swiftshader_icd.json')
  if (process.platform === 'linux' && isRoot && !hasPackages && existsSync('/usr/bin/apt-get')) {
    run('apt-get', ['update', '-qq'])
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'libvulkan1'])
  }
}

/** Removes what was compiled from sources that are gone; the compiler leaves it. */
function removeOrphans(folder) {
  const names = existsSync(join(root, 'dist', folder)) ? readdirSync(join(root, 'dist', folder)) : []
  for (const name of names) {
    const path = join(folder, name)
    if (statSync(join(root, 'dist', path)).isDirectory()) removeOrphans(path)
    else if (/\.js(\.map)?$/.test(name) && !existsSync(join(root, path.replace(/\.js(\.map)?$/, '.ts'))))
      rmSync(join(root, 'dist', path))
  }
}

function bundle(...args) {
  run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn', ...args])
}

const configuration = ['package-lock.json', 'tsconfig.json']
build(
  'dist/build.tsbuildinfo',
  [...configuration, 'tsconfig.build.json', 'src-main', 'resources/stories'],
  () => {
    for (const folder of ['src-main', 'resources']) removeOrphans(folder)
    run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'])
  },
)
build('dist/src-main/electron/preload.cjs', [...configuration, 'src-main/electron'], () =>
  bundle('--config', 'src-main/electron/preload/vite.config.ts'),
)
build(
  'dist/renderer/index.html',
  [...configuration, 'vite.config.ts', 'src-renderer', 'src-main/contract'],
  () => bundle(),
)
