import {
  IconArrowsDiff,
  IconCommand,
  IconGauge,
  IconHome,
  IconPlayerPlay,
  IconPlus,
  IconSettings,
  IconSunMoon,
  IconTerminal2,
} from '@tabler/icons-react'
import { spotlight } from '@mantine/spotlight'
import { goTo, paths } from '../navigation.ts'
import { prepareSampleConversion } from '../screens/wizard/wizard-store.ts'
import { strings } from '../strings/index.ts'
import type { MenuAction } from '../../src-main/contract/host.ts'
import type { Action, ActionId } from './action.ts'
import { toggleTheme } from './theme.ts'

/** A screen of the navigation. */
interface Destination extends Action {
  readonly path: string
}

const destination = <Id extends ActionId>(
  id: Id,
  label: string,
  icon: Action['icon'],
  path: string,
  shortcut: string,
): Destination & { readonly id: Id } => ({
  id,
  label,
  icon,
  path,
  group: 'navigation',
  shortcut,
  perform: () => goTo(path),
})

/** The screens of the navigation, in its order. */
export const screens = [
  destination('go-home', strings.actions.home, IconHome, paths.home, 'mod+1'),
  destination('go-console', strings.actions.console, IconTerminal2, paths.console(), 'mod+2'),
  destination('go-compare', strings.actions.compare, IconArrowsDiff, paths.compare, 'mod+3'),
  destination('go-benchmark', strings.actions.benchmark, IconGauge, paths.benchmark, 'mod+4'),
  destination('go-settings', strings.actions.settings, IconSettings, paths.settings, 'mod+,'),
] as const satisfies readonly Destination[]

/** Everything that can be done from anywhere. */
const all = [
  ...screens,
  {
    id: 'new-conversion',
    label: strings.actions.newConversion,
    icon: IconPlus,
    group: 'conversion',
    shortcut: 'mod+shift+N',
    perform: () => goTo(paths.newConversion),
  },
  {
    id: 'convert-sample',
    label: strings.actions.convertSample,
    icon: IconPlayerPlay,
    group: 'conversion',
    perform: prepareSampleConversion,
  },
  {
    id: 'toggle-theme',
    label: strings.actions.toggleTheme,
    icon: IconSunMoon,
    group: 'appearance',
    shortcut: 'mod+shift+L',
    perform: toggleTheme,
  },
  {
    id: 'open-palette',
    label: strings.actions.palette,
    icon: IconCommand,
    group: 'navigation',
    shortcut: 'mod+K',
    perform: () => spotlight.open(),
  },
] as const satisfies readonly Action[]
export const actions: readonly Action[] = all

/** Performs a command of the application menu. */
export function performCommand(command: MenuAction): void {
  // A command that no action has is an error of types here.
  const id: (typeof all)[number]['id'] = command
  all.find((action) => action.id === id)?.perform()
}
