import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test as base, type Browser, type Page } from '@playwright/test'
import { openBrowserStudio } from './host/browser-studio.ts'
import { electronObstacle } from './host/electron-obstacle.ts'
import { openElectronStudio } from './host/electron-studio.ts'
import type { HostOptions, Studio } from './host/host.ts'
import { prepareData } from './host/prepared-data.ts'

export { expect }

/** Preparing takes two conversions. */
const preparingMilliseconds = 240_000

interface StudioFixtures {
  /** What the studio finds in its data folder. */
  readonly startsWith: 'nothing' | 'finishedRuns'
  /** What the page may report as an error in this test; nothing else may be there. */
  readonly expectedErrors: RegExp
  /** A new one for each test. */
  readonly studio: Studio
}

interface WorkerFixtures extends HostOptions {
  readonly scratch: string
  /** null under Electron, which is one. */
  readonly chromium: Browser | null
  /** Resolves to a data folder with finished runs, made when it is first asked for. To be copied. */
  readonly preparedData: () => Promise<string>
}

/** Playwright's test, with the studio on its home screen. */
export const test = base.extend<StudioFixtures, WorkerFixtures>({
  hostName: ['browser', { option: true, scope: 'worker' }],
  startsWith: ['nothing', { option: true }],
  expectedErrors: [/^$/, { option: true }],

  scratch: [
    async ({ hostName }, use) => {
      const folder = await mkdtemp(join(tmpdir(), `spellm-e2e-${hostName}-`))
      await use(folder)
      await rm(folder, { recursive: true, force: true })
    },
    { scope: 'worker' },
  ],

  chromium: [
    async ({ playwright, launchOptions, hostName }, use) => {
      const browser = hostName === 'browser' ? await playwright.chromium.launch(launchOptions) : null
      await use(browser)
      await browser?.close()
    },
    { scope: 'worker' },
  ],

  preparedData: [
    async ({ scratch }, use) => {
      let prepared: Promise<string> | null = null
      const prepare = async () => {
        const folder = join(scratch, 'prepared')
        await prepareData(folder)
        return folder
      }
      await use(() => (prepared ??= prepare()))
    },
    { scope: 'worker' },
  ],

  studio: async (
    { hostName, chromium, scratch, startsWith, preparedData, expectedErrors },
    use,
    testInfo,
  ) => {
    testInfo.skip(hostName === 'electron' && electronObstacle !== null, electronObstacle ?? '')
    const dataFolder = await mkdtemp(join(scratch, 'data-'))
    if (startsWith === 'finishedRuns') {
      testInfo.setTimeout(testInfo.timeout + preparingMilliseconds)
      await cp(await preparedData(), dataFolder, { recursive: true })
    }
    const studio = chromium
      ? await openBrowserStudio(chromium, dataFolder)
      : await openElectronStudio(dataFolder)
    const errors = collectErrors(studio.page)
    await use(studio)
    await studio.close()
    await rm(dataFolder, { recursive: true, force: true })
    expect(errors.filter((error) => !expectedErrors.test(error))).toEqual([])
  },

  page: async ({ studio }, use) => use(studio.page),
})

/** What the page throws or complains of. */
function collectErrors(page: Page): string[] {
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  return errors
}
