import { create } from 'zustand'
import { engine, queries, queryClient } from '../connection/engine.ts'
import type { Theme } from '../../src-main/contract/index.ts'

const isDark = window.matchMedia('(prefers-color-scheme: dark)')

/** What is shown now; the choice itself is one of the engine's settings. */
export const useTheme = create<{ readonly theme: Theme; readonly systemIsDark: boolean }>(() => ({
  theme: 'system',
  systemIsDark: isDark.matches,
}))
isDark.addEventListener('change', ({ matches }) => useTheme.setState({ systemIsDark: matches }))

/** The scheme that a theme means on this machine. */
export function colorScheme({
  theme,
  systemIsDark,
}: {
  readonly theme: Theme
  readonly systemIsDark: boolean
}): 'light' | 'dark' {
  return theme === 'system' ? (systemIsDark ? 'dark' : 'light') : theme
}

let isChosen = false

/** Shows the theme of the engine's settings, which may arrive after the user has chosen another one. */
export function showKeptTheme(theme: Theme): void {
  if (!isChosen) useTheme.setState({ theme })
}

/** Shows a theme and keeps the choice. */
export async function changeTheme(theme: Theme): Promise<void> {
  isChosen = true
  useTheme.setState({ theme })
  const settings = await engine.app.changeSettings({ theme })
  queryClient.setQueryData(queries.app.settings.queryKey(), settings)
}

/** From light to dark or back. */
export function toggleTheme(): void {
  void changeTheme(colorScheme(useTheme.getState()) === 'dark' ? 'light' : 'dark')
}
