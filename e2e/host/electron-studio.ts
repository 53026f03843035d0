import { join } from 'node:path'
import { _electron } from '@playwright/test'
import type { Studio } from './host.ts'

const root = join(import.meta.dirname, '../..')

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
