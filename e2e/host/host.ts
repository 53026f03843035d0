import type { Page } from '@playwright/test'

type HostName = 'browser' | 'electron'

/** The option by which the projects of playwright.config.ts differ. */
export interface HostOptions {
  readonly hostName: HostName
}

/** The studio under one of its hosts, with one window. */
export interface Studio {
  readonly page: Page
  readonly dataFolder: string
  /** The address that the host printed; null under Electron, which has none. */
  readonly url: string | null
  /** The process that computes: another one after each crash. */
  enginePid(): Promise<number>
  /** Ends the host as a person would, and fails if it doesn't end as it should. */
  close(): Promise<void>
}
