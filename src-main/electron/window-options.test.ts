import { expect, test } from 'vitest'
import { isPermitted, windowOptions } from './window-options.ts'

const state = { place: { x: 10, y: 20 }, size: { width: 900, height: 600 }, isMaximized: false }
const options = windowOptions(state, { preload: '/app/preload.cjs', isPackaged: true, isDark: true })

/** What Electron's security guide warns of, and those of its defaults that keep a page in its sandbox. */
const warned: Readonly<Record<string, boolean>> = {
  contextIsolation: false,
  sandbox: false,
  webSecurity: false,
  nodeIntegration: true,
  nodeIntegrationInWorker: true,
  nodeIntegrationInSubFrames: true,
  allowRunningInsecureContent: true,
  experimentalFeatures: true,
  webviewTag: true,
}

test.each(Object.entries(warned))("the page's %s is not %s", (name, value) => {
  expect(Object.entries(options.webPreferences!)).not.toContainEqual([name, value])
})

test('Chromium gets no features that it keeps to itself', () => {
  expect(options.webPreferences).not.toHaveProperty('enableBlinkFeatures')
})

test('developer tools are there in development only', () => {
  const { webPreferences } = windowOptions(state, { preload: '', isPackaged: false, isDark: true })
  expect(webPreferences!.devTools).toBe(true)
})

test('the window opens where it was, and only once it is drawn', () => {
  expect(options).toMatchObject({ x: 10, y: 20, width: 900, height: 600, show: false })
  const anywhere = windowOptions({ ...state, place: null }, { preload: '', isPackaged: true, isDark: true })
  expect(anywhere).not.toHaveProperty('x')
})

test.each(['media', 'geolocation', 'notifications', 'clipboard-read', 'openExternal', 'fileSystem', 'hid'])(
  'a page may not have %s',
  (permission) => expect(isPermitted(permission)).toBe(false),
)

test('a page may copy text', () => {
  expect(isPermitted('clipboard-sanitized-write')).toBe(true)
})
