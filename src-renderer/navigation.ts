import { navigate } from 'wouter/use-hash-location'

/** Every place in the app. The hash is the address, so that reloads and the back button work in all hosts. */
export const paths = {
  home: '/',
  newConversion: '/new',
  run: (id: string) => `/runs/${encodeURIComponent(id)}`,
  console: (runId?: string) => (runId === undefined ? '/console' : `/console/${encodeURIComponent(runId)}`),
  compare: '/compare',
  benchmark: '/benchmark',
  settings: '/settings',
} as const

/** Goes to one of `paths`. */
export function goTo(path: string): void {
  navigate(path)
}
