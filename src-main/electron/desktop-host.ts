import { BrowserWindow, dialog, ipcMain, shell, type IpcMainEvent, type IpcMainInvokeEvent } from 'electron'
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { channels } from './channels.ts'
import { isStudioPage } from './locations.ts'
import { strings } from './strings.ts'

const dialogTitleSchema = z.string().min(1).max(200)
const revealedPathSchema = z.string().min(1).max(4096)

/**
 * Answers what the preload script passes on from the page: only from the main frame of the studio's own page,
 * and only with arguments as they should be.
 *
 * @param connect gives a window a port to the engine
 */
export function answerPages(connect: (window: Electron.BrowserWindow) => void): void {
  handle(channels.pickFolder, dialogTitleSchema, async (title, window) => {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, {
      title,
      // macOS shows no title.
      message: title,
      properties: ['openDirectory'],
    })
    return canceled ? null : filePaths[0]!
  })
  handle(channels.pickTextFiles, dialogTitleSchema, async (title, window) => {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, {
      title,
      message: title,
      properties: ['openFile', 'multiSelections'],
      filters: [
        { name: strings.textFiles, extensions: ['txt', 'md', 'jsonl'] },
        { name: strings.allFiles, extensions: ['*'] },
      ],
    })
    return canceled ? null : filePaths
  })
  handle(channels.reveal, revealedPathSchema, (path) => {
    if (isRevealable(path)) shell.showItemInFolder(path)
    return Promise.resolve()
  })
  ipcMain.on(channels.requestEnginePort, (event) => {
    const window = ownWindow(event)
    if (window) connect(window)
  })
}

function handle<Argument, Result>(
  channel: string,
  schema: z.ZodType<Argument>,
  answer: (argument: Argument, window: Electron.BrowserWindow) => Promise<Result>,
): void {
  ipcMain.handle(channel, (event, argument: unknown) => {
    const window = ownWindow(event)
    if (!window) throw new Error(`${channel}: refused`)
    return answer(schema.parse(argument), window)
  })
}

/** The window of a message from the studio's page; null for any other sender. */
function ownWindow({
  sender,
  senderFrame,
}: IpcMainEvent | IpcMainInvokeEvent): Electron.BrowserWindow | null {
  const isPage = senderFrame !== null && senderFrame === sender.mainFrame && isStudioPage(senderFrame.url)
  return isPage ? BrowserWindow.fromWebContents(sender) : null
}

/** Not a network path: Windows would present the user's credentials there. */
function isRevealable(path: string): boolean {
  return isAbsolute(path) && !/^[\\/]{2}/.test(path)
}
