import type { MenuItemConstructorOptions } from 'electron'
import type { MenuAction } from '../contract/host.ts'
import { strings } from './strings.ts'

export interface MenuOptions {
  readonly platform: NodeJS.Platform
  readonly isPackaged: boolean
  /** Performs an action of the renderer. */
  readonly perform: (action: MenuAction) => void
  readonly openPaper: () => void
  readonly showLogs: () => void
}

type Item = MenuItemConstructorOptions

/** The application menu, in the order and with the words of the platform. */
export function menuTemplate(options: MenuOptions): Item[] {
  const isMac = options.platform === 'darwin'
  const { menu } = strings
  const action = (label: string, id: MenuAction, accelerator?: string): Item => ({
    label,
    id,
    click: () => options.perform(id),
    ...(accelerator === undefined ? {} : { accelerator }),
  })
  const settings = action(menu.settings, 'go-settings', 'CmdOrCtrl+,')
  const separator: Item = { type: 'separator' }
  const applicationMenu: Item = {
    label: strings.name,
    submenu: [
      { role: 'about' },
      separator,
      settings,
      separator,
      { role: 'services' },
      separator,
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      separator,
      { role: 'quit' },
    ],
  }
  return [
    ...(isMac ? [applicationMenu] : []),
    {
      label: menu.file,
      submenu: [
        action(menu.newConversion, 'new-conversion', 'CmdOrCtrl+Shift+N'),
        separator,
        ...(isMac ? [{ role: 'close' } as const] : [settings, separator, { role: 'quit' } as const]),
      ],
    },
    { label: menu.edit, role: 'editMenu' },
    {
      label: menu.view,
      submenu: [
        action(menu.home, 'go-home', 'CmdOrCtrl+1'),
        action(menu.console, 'go-console', 'CmdOrCtrl+2'),
        action(menu.compare, 'go-compare', 'CmdOrCtrl+3'),
        action(menu.benchmark, 'go-benchmark', 'CmdOrCtrl+4'),
        action(menu.palette, 'open-palette', 'CmdOrCtrl+K'),
        separator,
        action(menu.toggleTheme, 'toggle-theme', 'CmdOrCtrl+Shift+L'),
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'togglefullscreen' },
        ...(options.isPackaged ? [] : [separator, { role: 'toggleDevTools' } as const]),
      ],
    },
    { label: menu.window, role: 'windowMenu' },
    {
      label: menu.help,
      role: 'help',
      submenu: [
        { label: menu.paper, click: options.openPaper },
        { label: menu.logs, click: options.showLogs },
        ...(isMac ? [] : [separator, { role: 'about' } as const]),
      ],
    },
  ]
}
