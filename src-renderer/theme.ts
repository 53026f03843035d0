import { createTheme, Notification, type CSSVariablesResolver } from '@mantine/core'
import { strings } from './strings/index.ts'

export const theme = createTheme({
  primaryColor: 'indigo',
  // One for both themes: the library finds the colour of text on buttons for that of the light theme.
  primaryShade: 7,
  autoContrast: true,
  // Where black text begins to have more contrast than white.
  luminanceThreshold: 0.179,
  defaultRadius: 'md',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace',
  cursorType: 'pointer',
  components: {
    Notification: Notification.extend({
      defaultProps: { closeButtonProps: { 'aria-label': strings.app.dismiss } },
      styles: { description: { color: 'var(--mantine-color-dimmed)' } },
    }),
  },
})

/** The library's dimmed text, error messages and titles on yellow miss WCAG AA's contrast of 4.5 : 1. */
export const accessibleColors: CSSVariablesResolver = ({ colors }) => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': colors.gray[7],
    '--mantine-color-placeholder': colors.gray[6],
    '--mantine-color-error': colors.red[9],
    '--mantine-color-yellow-light-color': '#7a4a00',
    // Of the present place in the navigation, under the mouse.
    '--mantine-color-indigo-light-color': '#2f44ad',
  },
  dark: {
    '--mantine-color-dimmed': colors.dark[1],
    '--mantine-color-placeholder': colors.dark[2],
    '--mantine-color-error': colors.red[4],
  },
})
