import type { Browser } from '@playwright/test'
import { startBrowserHost } from './browser-host.ts'
import type { Studio } from './host.ts'

/** Opens the studio in a window of a browser that has never seen it. */
export async function openBrowserStudio(browser: Browser, dataFolder: string): Promise<Studio> {
  const host = await startBrowserHost(dataFolder)
  const context = await browser.newContext({ acceptDownloads: true })
  const page = await context.newPage()
  await page.goto(host.url)
  await page.waitForURL((url) => url.pathname === '/')
  return {
    page,
    dataFolder,
    url: host.url,
    enginePid: () => host.enginePid(),
    close: async () => {
      await context.close()
      await host.stop()
    },
  }
}
