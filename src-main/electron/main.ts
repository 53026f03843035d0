/** The desktop app: Electron's main process. Nothing but glue; what works without Electron is in the files next to it. */
import { safe } from '@orpc/client'
import { app, BrowserWindow, dialog, Menu, protocol, safeStorage, shell } from 'electron'
import { dirname, join } from 'node:path'
import type { MenuAction } from '../contract/host.ts'
import { SpellmError } from '../base/errors.ts'
import { dataFolder } from '../base/data-folder.ts'
import { superviseEngine, type EngineSupervisor } from '../engine/process/engine-supervisor.ts'
import { appId } from './app-id.ts'
import { isWeights, parseArguments } from './arguments.ts'
import { channels } from './channels.ts'
import { answerPages } from './desktop-host.ts'
import { startEngineChild, type EngineChild } from './engine-child.ts'
import { engineClient, type EngineClient } from './engine-client.ts'
import { createKeyStore } from './key-store.ts'
import { paperUrl, schemePrivileges, studioScheme } from './locations.ts'
import { openLogFile } from './log-file.ts'
import { menuTemplate } from './menu.ts'
import { createPageHandler } from './page-handler.ts'
import { createRunSignals } from './run-signals.ts'
import { strings } from './strings.ts'
import { confinePages, openStudioWindow } from './studio-window.ts'
import { startUpdates } from './updates.ts'

const rendererFolder = join(import.meta.dirname, '../../renderer')

const given = parseArguments(process.argv.slice(1), process.cwd())
const log = openLogFile(join(app.getPath('logs'), 'studio.log'))
const signals = createRunSignals()

let supervisor: EngineSupervisor<EngineChild> | null = null
let client: EngineClient | null = null
/** Weights that were opened before the engine was there. */
let waitingWeights = [...given.weights]
/** The window is about to be there: macOS activates an app while it starts. */
let isOpening = false
let isQuitting = false
let mayQuit = false

function startEngine(): void {
  const folder = dataFolder(given.data)
  const keyStore = createKeyStore(join(folder, 'hub-token.encrypted'), safeStorage, process.platform)
  supervisor = superviseEngine<EngineChild>({
    start: (crash) => startEngineChild({ dataFolder: folder, crash, keyStore, log }),
    onStarted: (child, crash) => {
      if (crash) log(`${crash.reason} The engine was started again.`)
      const port = child.connect()
      client = engineClient(port)
      port.start()
      signals.follow(client).catch((error: unknown) => log(`The runs are out of sight: ${String(error)}`))
      for (const window of BrowserWindow.getAllWindows()) sendEnginePort(child, window)
    },
    onGivenUp: (reason) => void askAfterFailure(reason),
  })
}

function sendEnginePort(child: EngineChild, window: Electron.BrowserWindow): void {
  window.webContents.postMessage(channels.enginePort, null, [child.connect()])
}

async function askAfterFailure(reason: string): Promise<void> {
  log(reason)
  const { engineFailed } = strings
  const { response } = await dialog.showMessageBox({
    type: 'error',
    message: engineFailed.title,
    detail: reason,
    buttons: [engineFailed.startAgain, engineFailed.quit],
    defaultId: 0,
    cancelId: 1,
  })
  if (response === 0) startEngine()
  else app.quit()
}

/** Shows the window, and opens it if there is none. */
function showWindow(): void {
  const [window] = BrowserWindow.getAllWindows()
  if (window) {
    if (window.isMinimized()) window.restore()
    window.focus()
  } else if (!isOpening) {
    isOpening = true
    openStudioWindow(log)
      .catch(fail)
      .finally(() => (isOpening = false))
  }
}

/** Performs an action of the renderer. */
function perform(action: MenuAction): void {
  showWindow()
  BrowserWindow.getAllWindows()[0]?.webContents.send(channels.command, action)
}

/** Weights were opened with the app: their folder is a base model, and joins the library. */
async function addModel(weights: string): Promise<void> {
  if (!client) {
    waitingWeights.push(weights)
    return
  }
  const { error, isDefined } = await safe(client.models.add({ reference: dirname(weights) }))
  if (!error) {
    perform('go-home')
    return
  }
  if (!isDefined) log(`${weights}: ${error.message}`)
  const detail = isDefined ? `${error.data.message}\n${error.data.remedy}` : strings.defect
  await dialog.showMessageBox({ type: 'error', message: strings.modelNotAdded, detail })
}

function openWeights(paths: readonly string[]): void {
  for (const path of paths) addModel(path).catch(fail)
}

/** Lets the engine save its work; then the app may end. */
async function prepareToQuit(): Promise<void> {
  for (const window of BrowserWindow.getAllWindows()) window.hide()
  await supervisor?.stop()
  mayQuit = true
}

async function quit(): Promise<void> {
  if (isQuitting) return
  isQuitting = true
  if (signals.isRunning && !(await confirmQuit())) {
    isQuitting = false
    // The window may have been closed, which is what asked to quit.
    showWindow()
    return
  }
  await prepareToQuit()
  app.quit()
}

async function confirmQuit(): Promise<boolean> {
  const { title, detail, quit: yes, cancel } = strings.quit
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: title,
    detail,
    buttons: [yes, cancel],
    defaultId: 1,
    cancelId: 1,
  })
  return response === 0
}

/** The app can't continue: says why, without a trace of the stack, which is in the log. */
function fail(error: unknown): void {
  log(error instanceof Error ? (error.stack ?? error.message) : String(error))
  const detail = error instanceof SpellmError ? `${error.message}\n${error.remedy}` : strings.defect
  dialog.showErrorBox(strings.name, detail)
  supervisor?.kill()
  app.exit(1)
}

async function open(): Promise<void> {
  await app.whenReady()
  protocol.handle(studioScheme, await createPageHandler(rendererFolder))
  confinePages()
  answerPages((window) => {
    const child = supervisor?.process
    if (child) sendEnginePort(child, window)
  })
  Menu.setApplicationMenu(
    Menu.buildFromTemplate(
      menuTemplate({
        platform: process.platform,
        isPackaged: app.isPackaged,
        perform,
        openPaper: () => void shell.openExternal(paperUrl),
        showLogs: () => void shell.openPath(app.getPath('logs')),
      }),
    ),
  )
  startEngine()
  app.on('activate', showWindow)
  showWindow()
  openWeights(waitingWeights)
  waitingWeights = []
  if (app.isPackaged) startUpdates(log, prepareToQuit)
}

process.on('uncaughtException', fail)
app.setAppUserModelId(appId)
app.enableSandbox()
protocol.registerSchemesAsPrivileged([{ scheme: studioScheme, privileges: schemePrivileges }])
app.on('window-all-closed', () => {
  if (process.platform !== 'darwin') app.quit()
})
app.on('before-quit', (event) => {
  if (mayQuit) return
  event.preventDefault()
  quit().catch(fail)
})
// macOS opens files by an event, the other systems by the command line.
app.on('open-file', (event, path) => {
  event.preventDefault()
  if (isWeights(path)) openWeights([path])
})
app.on('second-instance', (_, args, folder) => {
  showWindow()
  openWeights(parseArguments(args.slice(1), folder).weights)
})
if (app.requestSingleInstanceLock()) open().catch(fail)
else app.exit()
