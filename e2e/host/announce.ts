import { electronObstacle } from './electron-obstacle.ts'

/** Says once, before all tests, why those under Electron are skipped. */
export default function announce(): void {
  if (electronObstacle !== null) console.log(`The tests under Electron are skipped: ${electronObstacle}\n`)
}
