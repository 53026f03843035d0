import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { _electron } from '@playwright/test'
import type { Studio } from './host.ts'

const root = join(import.meta.dirname, '../..')

/** Why Electron can't be started here; null: it can. */
export const electronObstacle: string | null = findObstacle()

function findObstacle(): string | null {
  if (!existsSync(join(root, 'node_modules/electron/path.txt'))) return 'its binary is not installed.'
  if (process.platform !== 'linux') return null
  if (!process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return 'there is no display.'
  // Chromium's sandbox doesn't work for root, and the studio doesn't go without it.
  return process.getuid?.() === 0 ? 'it does not run as root.' : null
}

/** Opens the desktop app, with a profile of its own beside the data. */
export async function openElectronStudio(dataFolder: string): Promise<Studio> {
  const app = await _electron.launch({
    args: [root, `--user-data-dir=${join(dataFolder, 'profile')}`, '--data', dataFolder],
    cwd: root,
  })
  // A native dialog would wait for a person: its first button is the one that continues.
  await app.evaluate(({ dialog }) => {
    dialog.showMessageBox = () => Promise.resolve({ response: 0, checkboxChecked: false })
  })
  const page = await app.firstWindow()
  await page.setViewportSize({ width: 1280, height: 800 })
  return {
    page,
    dataFolder,
    url: null,
    enginePid: async () => {
      const pid = await app.evaluate(
        (electron) => electron.app.getAppMetrics().find(({ name }) => name === 'SpeLLM engine')?.pid ?? null,
      )
      if (pid === null) throw new Error('The app has no engine process.')
      return pid
    },
    close: () => app.close(),
  }
}
