import { defineConfig } from '@playwright/test'
import { chromiumOptions } from './e2e/host/chromium.ts'
import type { HostOptions } from './e2e/host/host.ts'

/** The end-to-end tests. `npm run setup` first: they start what it has built. */
export default defineConfig<object, HostOptions>({
  testDir: 'e2e',
  outputDir: 'e2e/results',
  globalSetup: './e2e/host/announce.ts',
  // A conversion uses every core: tests beside it would only wait.
  workers: 1,
  retries: 0,
  forbidOnly: process.env['CI'] !== undefined,
  // A conversion takes a minute on two cores that have other work too.
  timeout: 180_000,
  expect: { timeout: 20_000 },
  reporter: [['list'], ['json', { outputFile: 'e2e/results/report.json' }]],
  use: {
    actionTimeout: 20_000,
    viewport: { width: 1280, height: 800 },
    launchOptions: chromiumOptions,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
  },
  projects: [
    { name: 'browser', use: { hostName: 'browser' } },
    { name: 'electron', use: { hostName: 'electron' } },
  ],
})
