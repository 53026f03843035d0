import type { Icon } from '@tabler/icons-react'
import type { MenuAction } from '../../src-main/contract/host.ts'

/** The actions of the application menu, and what only the page offers. */
export type ActionId = MenuAction | 'convert-sample'

/**
 * Something that a person can do from anywhere, as data: the navigation, the shortcuts, the application menu
 * and the command palette are views of the same list.
 */
export interface Action {
  readonly id: ActionId
  readonly label: string
  readonly group: 'navigation' | 'conversion' | 'appearance'
  readonly icon: Icon
  /** As `useHotkeys` of Mantine has it, such as 'mod+N'. */
  readonly shortcut?: string
  readonly perform: () => void
}
