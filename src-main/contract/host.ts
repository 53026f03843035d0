import type { AppInfo } from './app.ts'

/** The renderer's actions that the application menu has. */
export const menuActions = [
  'go-home',
  'go-console',
  'go-compare',
  'go-benchmark',
  'go-settings',
  'new-conversion',
  'open-palette',
  'toggle-theme',
] as const
export type MenuAction = (typeof menuActions)[number]

/** What only a desktop host can do. The browser host has none of it, and the renderer does without. */
export interface DesktopHost {
  /** The paths of a native dialog; null if it was closed. */
  pickFolder(title: string): Promise<string | null>
  pickTextFiles(title: string): Promise<string[] | null>
  /** The path of a file or folder that was dropped on the window. */
  pathOfFile(file: File): string
  /** Shows a folder in the file manager. */
  reveal(path: string): Promise<void>
  /** Commands of the application menu. */
  onCommand(listener: (action: MenuAction) => void): () => void
  readonly platform: AppInfo['engine']['platform']
}
