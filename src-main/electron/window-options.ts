import type { BrowserWindowConstructorOptions, WebPreferences } from 'electron'
import type { WindowState } from './window-state.ts'

/** What the page may do: nothing but draw, and what the preload script hands to it. */
function webPreferences(preload: string, isPackaged: boolean): WebPreferences {
  return {
    preload,
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    spellcheck: false,
    devTools: !isPackaged,
  }
}

/** The studio's window. It is shown once the page is drawn. */
export function windowOptions(
  { place, size }: WindowState,
  { isDark, ...preferences }: { isDark: boolean; preload: string; isPackaged: boolean },
): BrowserWindowConstructorOptions {
  return {
    ...place,
    ...size,
    minWidth: 720,
    minHeight: 480,
    show: false,
    title: 'SpeLLM Studio',
    backgroundColor: isDark ? '#1a1b1e' : '#ffffff',
    webPreferences: webPreferences(preferences.preload, preferences.isPackaged),
  }
}

/** The only thing that a page may ask the browser for: to put text on the clipboard. */
export function isPermitted(permission: string): boolean {
  return permission === 'clipboard-sanitized-write'
}
