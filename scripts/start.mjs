/**
 * `npm start`: opens the studio in its own window, or, where Electron can't start or with --web, for a browser.
 *
 *     npm start [-- [--web] [options]]    --help lists the options
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'

const root = join(import.meta.dirname, '..')
const electronFolder = join(root, 'node_modules', 'electron')
/** Holds the binary's name once it has been downloaded. */
const binaryName = join(electronFolder, 'path.txt')
const args = process.argv.slice(2)

const downloadMilliseconds = 3 * 60_000
/** An app that ends by itself so soon has not opened. */
const openingMilliseconds = 15_000

const setup = spawnSync(process.execPath, [join(root, 'scripts', 'setup.mjs')], { stdio: ['ignore', 2, 2] })
if (setup.status !== 0) process.exit(1)

const browserOptions = ['--web', '--help', '--port', '--host', '--allow-remote']
const wantsBrowser = args.some((arg) => browserOptions.includes(arg.split('=')[0]))
const problem = wantsBrowser ? null : await openWindow()
if (problem !== null)
  console.error(`No window of its own: ${problem} The studio opens for a browser instead.`)
if (wantsBrowser || problem !== null)
  await import(pathToFileURL(join(root, 'dist', 'src-main', 'web', 'main.js')).href)

/** Opens the desktop app and ends with it; says why if it can't be opened. */
async function openWindow() {
  return findObstacle() ?? fetchElectron() ?? (await runElectron())
}

function findObstacle() {
  if (process.platform !== 'linux') return null
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return 'there is no display.'
  // Chromium's sandbox doesn't work for root, and the studio doesn't go without it.
  if (process.getuid() === 0) return 'Electron does not run as root.'
  return null
}

/** Downloads Electron unless it is there. */
function fetchElectron() {
  if (existsSync(binaryName)) return null
  if (process.env.ELECTRON_SKIP_BINARY_DOWNLOAD)
    return 'Electron is not there, and ELECTRON_SKIP_BINARY_DOWNLOAD is set.'
  console.error('Fetching Electron …')
  const { status, error, stderr } = spawnSync(process.execPath, [join(electronFolder, 'install.js')], {
    timeout: downloadMilliseconds,
    killSignal: 'SIGKILL',
    encoding: 'utf8',
  })
  if (status === 0) return null
  if (error?.code === 'ETIMEDOUT') return 'Electron could not be downloaded in three minutes.'
  return `Electron could not be downloaded (${stderr.trim().split('\n')[0] || 'no reason given'}).`
}

/** Resolves to null when the app was closed. */
function runElectron() {
  const binary = join(electronFolder, 'dist', readFileSync(binaryName, 'utf8'))
  const env = { ...process.env }
  delete env.ELECTRON_RUN_AS_NODE
  const started = performance.now()
  const app = spawn(binary, [root, ...args], { stdio: 'inherit', env })
  // The terminal sends Ctrl-C to the app as well, which closes and saves.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => app.kill())
  return new Promise((resolve) => {
    app.on('error', ({ message }) => resolve(`Electron did not start (${message}).`))
    app.on('exit', (code, signal) => {
      const hasOpened = performance.now() - started > openingMilliseconds
      if (code === 0) resolve(null)
      else if (hasOpened) process.exit(code ?? 1)
      else resolve(`Electron ended at once (${signal ?? `code ${code}`}).`)
    })
  })
}
