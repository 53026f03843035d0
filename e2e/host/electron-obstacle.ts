import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Why Electron can't be started here; null: it can. */
export const electronObstacle: string | null = findObstacle()

function findObstacle(): string | null {
  if (!existsSync(join(import.meta.dirname, '../../node_modules/electron/path.txt')))
    return 'its binary is not installed.'
  if (process.platform !== 'linux') return null
  if (!process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return 'there is no display.'
  // Chromium's sandbox doesn't work for root, and the studio doesn't go without it.
  return process.getuid?.() === 0 ? 'it does not run as root.' : null
}
