/**
 * The only bridge between the page and the main process: the functions of `DesktopHost`, and the port to the
 * engine. Runs in Chromium's sandbox, isolated from the page's scripts. Bundled into one CommonJS file, because
 * the sandbox imports nothing but `electron`.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import type { DesktopHost, MenuAction } from '../../contract/host.ts'
import { channels, pageMessages } from '../channels.ts'

const host: DesktopHost = {
  platform: process.platform,
  pickFolder: (title) => ipcRenderer.invoke(channels.pickFolder, title) as Promise<string | null>,
  pickTextFiles: (title) => ipcRenderer.invoke(channels.pickTextFiles, title) as Promise<string[] | null>,
  pathOfFile: (file) => webUtils.getPathForFile(file),
  reveal: (path) => ipcRenderer.invoke(channels.reveal, path) as Promise<void>,
  onCommand: (listener) => {
    const onMessage = (_: unknown, action: MenuAction) => listener(action)
    ipcRenderer.on(channels.command, onMessage)
    return () => void ipcRenderer.off(channels.command, onMessage)
  },
}
contextBridge.exposeInMainWorld('studioHost', host)

// Ports can't cross the bridge; they reach the page as messages of its own window.
window.addEventListener('message', ({ source, origin, data }) => {
  if (source === window && origin === window.location.origin && data === pageMessages.requestPort)
    ipcRenderer.send(channels.requestEnginePort)
})
ipcRenderer.on(channels.enginePort, ({ ports }) => {
  window.postMessage(pageMessages.port, window.location.origin, ports)
})
