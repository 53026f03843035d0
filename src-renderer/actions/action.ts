import type { Icon } from '@tabler/icons-react'

/**
 * Something that a person can do from anywhere, as data: the navigation, the shortcuts, the application menu
 * and the command palette are views of the same list.
 */
export interface Action {
  /** Stable: the desktop host's menu sends it. */
  readonly id: string
  readonly label: string
  readonly group: 'navigation' | 'conversion' | 'appearance'
  readonly icon: Icon
  /** As `useHotkeys` of Mantine has it, such as 'mod+N'. */
  readonly shortcut?: string
  readonly perform: () => void
}
