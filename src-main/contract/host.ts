import type { AppInfo } from './app.ts'

/** What only a desktop host can do. The browser host has none of it, and the renderer does without. */
export interface DesktopHost {
  /** The paths of a native dialog; null if it was closed. */
  pickFolder(title: string): Promise<string | null>
  pickTextFiles(title: string): Promise<string[] | null>
  /** The path of a file or folder that was dropped on the window. */
  pathOfFile(file: File): string
  /** Shows a folder in the file manager. */
  reveal(path: string): Promise<void>
  /** Commands of the application menu, by the id of the renderer's action. */
  onCommand(listener: (action: string) => void): () => void
  readonly platform: AppInfo['engine']['platform']
}
