import { EventEmitter } from 'node:events'
import { beforeEach, expect, test, vi } from 'vitest'
import { channels } from './channels.ts'
import { answerPages } from './desktop-host.ts'
import { studioUrl } from './locations.ts'
import { confinePages } from './studio-window.ts'

type Handler = (...args: unknown[]) => unknown

/** What the host asked of Electron, which isn't there in tests. */
const electron = vi.hoisted(() => ({
  handlers: new Map<string, (...args: unknown[]) => unknown>(),
  opened: [] as string[],
  revealed: [] as string[],
}))

vi.mock('electron', async () => {
  const { EventEmitter: Emitter } = await import('node:events')
  const keep = (name: string) => (handler: Handler) => electron.handlers.set(name, handler)
  return {
    app: new Emitter(),
    BrowserWindow: { fromWebContents: (contents: object) => ({ contents }) },
    dialog: { showOpenDialog: () => Promise.resolve({ canceled: false, filePaths: ['/home/models'] }) },
    ipcMain: {
      handle: (name: string, handler: Handler) => electron.handlers.set(name, handler),
      on: (name: string, handler: Handler) => electron.handlers.set(name, handler),
    },
    nativeTheme: {},
    screen: {},
    session: {
      defaultSession: {
        setPermissionCheckHandler: keep('permission check'),
        setPermissionRequestHandler: keep('permission request'),
        setDevicePermissionHandler: keep('device'),
        webRequest: { onBeforeRequest: keep('request') },
      },
    },
    shell: {
      openExternal: (url: string) => Promise.resolve(electron.opened.push(url)),
      showItemInFolder: (path: string) => electron.revealed.push(path),
    },
  }
})

beforeEach(() => {
  electron.handlers.clear()
  electron.opened.length = 0
  electron.revealed.length = 0
})

/** A page under the rules of `confinePages`. */
async function confinedPage() {
  const { app } = await import('electron')
  app.removeAllListeners()
  confinePages()
  let openWindow: Handler = () => undefined
  const contents = Object.assign(new EventEmitter(), {
    setWindowOpenHandler: (handler: Handler) => (openWindow = handler),
  })
  app.emit('web-contents-created', {}, contents)
  /** Whether the page gets through with an event. */
  const isAllowed = (name: string, url: string) => {
    const event = { url, preventDefault: vi.fn() }
    contents.emit(name, event)
    return event.preventDefault.mock.calls.length === 0
  }
  return { isAllowed, openWindow: (url: string) => openWindow({ url }) }
}

test('a page can’t be led away from the studio', async () => {
  const { isAllowed } = await confinedPage()
  expect(isAllowed('will-frame-navigate', `${studioUrl}#/new`)).toBe(true)
  for (const url of ['https://evil.example/', 'https://github.com/', 'file:///etc/passwd', 'app://other/'])
    expect(isAllowed('will-frame-navigate', url)).toBe(false)
  expect(isAllowed('will-redirect', studioUrl)).toBe(false)
  expect(isAllowed('will-attach-webview', studioUrl)).toBe(false)
})

test('no page opens a window; known links open in the browser', async () => {
  const { openWindow } = await confinedPage()
  for (const url of ['https://arxiv.org/abs/1', 'https://evil.example/', 'file:///bin/sh', studioUrl])
    expect(openWindow(url)).toEqual({ action: 'deny' })
  expect(electron.opened).toEqual(['https://arxiv.org/abs/1'])
})

test('nothing is loaded from the network', async () => {
  await confinedPage()
  const isCancelled = (url: string) => {
    const answer = vi.fn()
    electron.handlers.get('request')!({ url }, answer)
    return (answer.mock.calls[0] as [{ cancel: boolean }])[0].cancel
  }
  expect(isCancelled(`${studioUrl}assets/main.js`)).toBe(false)
  expect(isCancelled('data:image/png;base64,')).toBe(false)
  for (const url of ['https://github.com/x.js', 'http://127.0.0.1/', 'ws://127.0.0.1/', 'file:///etc/passwd'])
    expect(isCancelled(url)).toBe(true)
})

test('permissions and devices are refused', async () => {
  await confinedPage()
  expect(electron.handlers.get('permission check')!(null, 'media')).toBe(false)
  const answer = vi.fn()
  electron.handlers.get('permission request')!(null, 'geolocation', answer)
  expect(answer).toHaveBeenCalledExactlyOnceWith(false)
  expect(electron.handlers.get('device')!()).toBe(false)
})

/** A message from the page at `url`: from its main frame unless `isMain` is false. */
function messageFrom(url: string, isMain = true) {
  const frame = { url }
  return { senderFrame: frame, sender: { mainFrame: isMain ? frame : { url: studioUrl } } }
}

function ask(channel: string, message: object, ...args: unknown[]): unknown {
  return electron.handlers.get(channel)!(message, ...args)
}

test('the studio’s page gets its dialogs', async () => {
  answerPages(() => undefined)
  const message = messageFrom(`${studioUrl}#/new`)
  expect(await ask(channels.pickFolder, message, 'Choose a model')).toBe('/home/models')
  expect(await ask(channels.pickTextFiles, message, 'Choose texts')).toEqual(['/home/models'])
})

test.each([
  ['another page', messageFrom('https://evil.example/')],
  ['a frame within the page', messageFrom(studioUrl, false)],
  ['a frame that is gone', { senderFrame: null, sender: { mainFrame: null } }],
])('%s gets nothing', (_, message) => {
  const connect = vi.fn()
  answerPages(connect)
  for (const channel of [channels.pickFolder, channels.pickTextFiles, channels.reveal])
    expect(() => ask(channel, message, '/home')).toThrow('refused')
  ask(channels.requestEnginePort, message)
  expect(connect).not.toHaveBeenCalled()
})

test.each([[undefined], [null], [7], [{}], [''], ['x'.repeat(5000)]])(
  'the argument %o is refused',
  (argument) => {
    answerPages(() => undefined)
    for (const channel of [channels.pickFolder, channels.pickTextFiles, channels.reveal])
      expect(() => ask(channel, messageFrom(studioUrl), argument)).toThrow()
  },
)

test('only places on this machine are shown', async () => {
  answerPages(() => undefined)
  for (const path of ['/home/runs/first', 'relative', '//server/share', '\\\\server\\share', 'file:///etc'])
    await ask(channels.reveal, messageFrom(studioUrl), path)
  expect(electron.revealed).toEqual(['/home/runs/first'])
})
