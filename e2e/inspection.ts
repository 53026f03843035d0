import { join } from 'node:path'
import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect } from './studio-test.ts'

const folder = join(import.meta.dirname, 'screenshots')
/** Where `npm run draw:screens` wants the pictures of the documents; else they stay as they are. */
const documented = process.env['SPELLM_PICTURES']
const pictures: Readonly<Record<string, string>> = {
  'wizard-spelling-light': 'spelling.png',
  'console-detail-light': 'console.png',
}
const roomy = { width: 1280, height: 800 }
/** Smaller windows are possible, but nobody works in them. */
const tight = { width: 800, height: 600 }

/**
 * Checks what the page shows for accessibility in both themes, and that nothing needs scrolling sideways; keeps
 * pictures in e2e/screenshots/. The theme must be that of the system.
 */
export async function inspect(page: Page, name: string): Promise<void> {
  for (const theme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', theme)
    await capture(page, `${name}-${theme}`)
    expect.soft(await violations(page), `${name} in ${theme}`).toEqual([])
  }
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(tight)
  await capture(page, `${name}-tight`)
  await page.setViewportSize(roomy)
}

async function capture(page: Page, name: string): Promise<void> {
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)
  await expect.soft.poll(overflow, `${name} scrolls sideways`).toBeLessThanOrEqual(0)
  await page.evaluate(() => window.scrollTo(0, 0))
  // What lies behind a dialog is pictured elsewhere.
  const fullPage = (await page.getByRole('dialog').count()) === 0
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage, animations: 'disabled' })
  const picture = pictures[name]
  if (documented && picture)
    await page.screenshot({ path: join(documented, picture), animations: 'disabled' })
}

/** Each violation with the elements that it concerns. */
async function violations(page: Page): Promise<string[]> {
  // The other mode opens a window, which the desktop app doesn't do.
  const { violations: found } = await new AxeBuilder({ page }).setLegacyMode().analyze()
  return found.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`)
}
