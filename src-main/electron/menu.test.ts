import type { MenuItemConstructorOptions } from 'electron'
import { expect, test } from 'vitest'
import { menuActions } from '../contract/host.ts'
import { menuTemplate } from './menu.ts'

function menuOf(platform: NodeJS.Platform, isPackaged = true) {
  const performed: string[] = []
  const template = menuTemplate({
    platform,
    isPackaged,
    perform: (action) => performed.push(action),
    openPaper: () => undefined,
    showLogs: () => undefined,
  })
  return { template, performed }
}

const childrenOf = ({ submenu }: MenuItemConstructorOptions) => (Array.isArray(submenu) ? submenu : [])
const itemsOf = (template: MenuItemConstructorOptions[]) => template.flatMap(childrenOf)
const rolesOf = (item: MenuItemConstructorOptions) => childrenOf(item).map(({ role }) => role)

test('has every command that the renderer is told of, once', () => {
  for (const platform of ['linux', 'win32', 'darwin'] as const) {
    const ids = itemsOf(menuOf(platform).template).flatMap(({ id }) => (id === undefined ? [] : [id]))
    expect(ids.sort(), platform).toEqual([...menuActions].sort())
  }
})

test('a click performs the action', () => {
  const { template, performed } = menuOf('linux')
  const item = itemsOf(template).find(({ id }) => id === 'go-console')!
  ;(item.click as () => void)()
  expect(performed).toEqual(['go-console'])
})

test.each(['linux', 'win32', 'darwin'] as const)('no accelerator is used twice on %s', (platform) => {
  const used = itemsOf(menuOf(platform).template).flatMap(({ accelerator }) => accelerator ?? [])
  expect(new Set(used).size).toBe(used.length)
})

test('on macOS the first menu is the application’s, with settings and quit', () => {
  const [first, file] = menuOf('darwin').template
  expect(first!.label).toBe('SpeLLM Studio')
  expect(rolesOf(first!)).toEqual(expect.arrayContaining(['about', 'services', 'hide', 'quit']))
  expect(childrenOf(first!).some(({ id }) => id === 'go-settings')).toBe(true)
  expect(rolesOf(file!)).toContain('close')
})

test.each(['linux', 'win32'] as const)(
  'on %s the file menu has settings and quit, the help menu about',
  (platform) => {
    const { template } = menuOf(platform)
    expect(template[0]!.label).toBe('File')
    expect(rolesOf(template[0]!)).toContain('quit')
    expect(childrenOf(template[0]!).some(({ id }) => id === 'go-settings')).toBe(true)
    expect(rolesOf(template.at(-1)!)).toContain('about')
  },
)

test('developer tools are in the menu in development only', () => {
  const roles = (isPackaged: boolean) => itemsOf(menuOf('linux', isPackaged).template).map(({ role }) => role)
  expect(roles(false)).toContain('toggleDevTools')
  expect(roles(true)).not.toContain('toggleDevTools')
})
