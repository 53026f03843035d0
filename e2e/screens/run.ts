import type { Locator, Page } from '@playwright/test'
import type { RunPhase, RunStatus } from '../../src-main/contract/index.ts'
import { strings } from '../../src-renderer/strings/index.ts'
import { expect } from '../studio-test.ts'

const words = strings.training

/** A whole conversion on a machine that has other work. */
const finishingMilliseconds = 120_000

const state = (page: Page) => page.getByRole('status').filter({ hasText: words.base('') })

/** Waits until the run's screen shows a status. */
export async function expectStatus(page: Page, status: RunStatus): Promise<void> {
  await expect(state(page)).toContainText(strings.runs.status[status], { timeout: finishingMilliseconds })
}

/** Waits until the run's screen shows that a phase is under way. */
export async function expectPhase(page: Page, phase: RunPhase): Promise<void> {
  await expect(state(page)).toContainText(strings.runs.phase[phase], { timeout: finishingMilliseconds })
}

/** What stands under a name, such as the number of the step. */
export const fact = (page: Page, name: string): Locator => page.locator(`dt:text-is("${name}") + dd`).first()

/** The last step that the page knows of; 0 before the first. */
export async function lastStep(page: Page): Promise<number> {
  return readNumber(await fact(page, words.step).innerText())
}

/** Waits until training has got beyond a step. */
export async function expectStepAfter(page: Page, step: number): Promise<void> {
  await expect.poll(() => lastStep(page), { timeout: finishingMilliseconds }).toBeGreaterThan(step)
}

/** The number that a text begins with, as the studio writes numbers. */
export function readNumber(text: string): number {
  const digits = /^-?[\d,.]+(e-?\d+)?/.exec(text.trim())
  if (!digits) throw new Error(`'${text}' does not begin with a number`)
  return Number(digits[0].replaceAll(',', ''))
}

/** The values of a chart, as its table has them: positions and the first line's values. */
export async function readChartTable(page: Page, title: string): Promise<{ x: number; y: number }[]> {
  await page.getByRole('button', { name: strings.chart.showTable(title) }).click()
  const dialog = page.getByRole('dialog', { name: strings.chart.tableTitle(title) })
  const rows = dialog.getByRole('table').last().locator('tbody').getByRole('row')
  await expect(rows.first()).toBeVisible()
  const texts = await rows.evaluateAll((elements) =>
    elements.map((row) => Array.from(row.children, (cell) => cell.textContent)),
  )
  await page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  return texts.map(([x, y]) => ({ x: readNumber(x!), y: readNumber(y!) }))
}

/** Ends the training of the run whose screen is open, and waits for its result. */
export async function finishNow(page: Page): Promise<void> {
  await page.getByRole('main').getByRole('button', { name: words.finishNow }).click()
  const dialog = page.getByRole('dialog', { name: words.finishTitle })
  await dialog.getByRole('button', { name: words.finishNow }).click()
  await expectStatus(page, 'finished')
}

/** Deletes the run whose screen is open. */
export async function deleteRun(page: Page, name: string): Promise<void> {
  await page.getByRole('main').getByRole('button', { name: strings.runs.delete }).click()
  const dialog = page.getByRole('dialog', { name: strings.runs.deleteTitle(name) })
  await dialog.getByRole('button', { name: strings.runs.delete }).click()
}
