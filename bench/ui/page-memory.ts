import { readFile } from 'node:fs/promises'
import type { Browser, CDPSession, Page } from '@playwright/test'

/** What a page takes, in bytes. */
export interface PageMemory {
  /** Live objects of its scripts, after a collection. */
  readonly heap: number
  /**
   * Of its process: what no other process shares, as the browser's own task manager shows it; null where the
   * system doesn't tell.
   */
  readonly process: number | null
}

/** Measures the only page of a browser. */
export async function measureMemory(browser: Browser, page: Page): Promise<PageMemory> {
  const session = await page.context().newCDPSession(page)
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  await session.detach()
  return { heap: usedSize, process: await largestRenderer(await browser.newBrowserCDPSession()) }
}

/** Browsers keep spare renderers; the page's is the largest. */
async function largestRenderer(session: CDPSession): Promise<number | null> {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  const renderers = processInfo.filter(({ type }) => type === 'renderer')
  const sizes = await Promise.all(renderers.map(({ id }) => privateBytes(id)))
  return sizes.includes(null) ? null : Math.max(...sizes.map(Number))
}

/** Linux only. */
async function privateBytes(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null)
  if (status === null) return null
  const kilobytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1])
  return 1024 * (kilobytes('RssAnon') + kilobytes('VmSwap'))
}
