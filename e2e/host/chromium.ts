import { existsSync } from 'node:fs'
import type { LaunchOptions } from '@playwright/test'

const debianChromium = '/usr/bin/chromium'

/**
 * How the browser is started: the one that the environment variable SPELLM_CHROMIUM names, else Debian's, else the
 * one that Playwright has installed.
 */
export const chromiumOptions: LaunchOptions = {
  ...executable(process.env['SPELLM_CHROMIUM'] ?? (existsSync(debianChromium) ? debianChromium : undefined)),
  // Chromium's sandbox doesn't work for root.
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
}

function executable(path: string | undefined): Pick<LaunchOptions, 'executablePath'> {
  return path === undefined ? {} : { executablePath: path }
}
