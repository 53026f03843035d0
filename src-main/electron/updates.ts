import { dialog } from 'electron'
import electronUpdater from 'electron-updater'
import { strings } from './strings.ts'

const checkMilliseconds = 6 * 60 * 60_000

/**
 * Looks for new versions in the release feed (`publish` in electron-builder.yml), now and every six hours. One
 * that was fetched is installed only if the user says so. What goes wrong is logged: it isn't a reason to disturb
 * anybody.
 *
 * @param stopEngine saves the work before the app ends
 */
export function startUpdates(log: (text: string) => void, stopEngine: () => Promise<void>): void {
  const { autoUpdater } = electronUpdater
  autoUpdater.logger = { info: log, warn: log, error: log }
  autoUpdater.autoInstallOnAppQuit = false
  const check = () =>
    void autoUpdater.checkForUpdates().catch((error: unknown) => log(`No update: ${String(error)}`))
  autoUpdater.on('update-downloaded', ({ version }) => {
    void askToInstall(version).then(async (isWanted) => {
      if (!isWanted) return
      await stopEngine()
      autoUpdater.quitAndInstall()
    })
  })
  check()
  setInterval(check, checkMilliseconds)
}

async function askToInstall(version: string): Promise<boolean> {
  const { update } = strings
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: update.title(version),
    detail: update.detail,
    buttons: [update.install, update.later],
    defaultId: 0,
    cancelId: 1,
  })
  return response === 0
}
