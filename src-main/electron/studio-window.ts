import { app, BrowserWindow, nativeTheme, screen, session, shell } from 'electron'
import { join } from 'node:path'
import { isExternalLink, isStudioPage, studioScheme, studioUrl } from './locations.ts'
import { isPermitted, windowOptions } from './window-options.ts'
import { fitToDisplays, loadWindowState, saveWindowState } from './window-state.ts'

/** Opens the studio's window where it was the last time, and shows it when it is drawn. */
export async function openStudioWindow(log: (text: string) => void): Promise<void> {
  const statePath = join(app.getPath('userData'), 'window-state.json')
  const main = screen.getPrimaryDisplay()
  const others = screen.getAllDisplays().filter(({ id }) => id !== main.id)
  const state = fitToDisplays(
    await loadWindowState(statePath),
    [main, ...others].map(({ workArea }) => workArea),
  )
  const window = new BrowserWindow(
    windowOptions(state, {
      preload: join(import.meta.dirname, 'preload.cjs'),
      isPackaged: app.isPackaged,
      isDark: nativeTheme.shouldUseDarkColors,
    }),
  )
  if (state.isMaximized) window.maximize()
  window.once('ready-to-show', () => window.show())
  window.on('close', () => {
    const { x, y, width, height } = window.getNormalBounds()
    const isMaximized = window.isMaximized()
    saveWindowState(statePath, { place: { x, y }, size: { width, height }, isMaximized }).catch(
      (error: unknown) => log(`The window's place was not saved: ${String(error)}`),
    )
  })
  try {
    await window.loadURL(studioUrl)
  } catch (error) {
    // Closed before the page was there.
    if (!window.isDestroyed()) throw error
  }
}

/** Keeps every page that this app shows where it belongs. To be called before the first window. */
export function confinePages(): void {
  app.on('web-contents-created', (_, contents) => {
    contents.on('will-frame-navigate', (event) => {
      if (!isStudioPage(event.url)) event.preventDefault()
    })
    contents.on('will-redirect', (event) => event.preventDefault())
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(({ url }) => {
      if (isExternalLink(url)) void shell.openExternal(url)
      return { action: 'deny' }
    })
  })
  const { defaultSession } = session
  defaultSession.setPermissionCheckHandler((_, permission) => isPermitted(permission))
  defaultSession.setPermissionRequestHandler((_, permission, answer) => answer(isPermitted(permission)))
  defaultSession.setDevicePermissionHandler(() => false)
  defaultSession.webRequest.onBeforeRequest(({ url }, answer) => {
    const { protocol } = new URL(url)
    answer({ cancel: ![`${studioScheme}:`, 'data:', 'devtools:'].includes(protocol) })
  })
}
