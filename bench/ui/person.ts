import type { Locator, Page } from '@playwright/test'
import { strings } from '../../src-renderer/strings/index.ts'

const { chart, training } = strings

/** What a person does while a run trains, one thing at a time; the next begins where this one ended. */
export type Deed = (page: Page) => Promise<void>

const navigation = (page: Page, name: string): Locator =>
  page.getByRole('navigation', { name: strings.app.navigation }).getByRole('link', { name })

const lossChart = (page: Page): Locator =>
  page.getByRole('slider', { name: chart.position(training.loss), exact: true })

/** Looking closely at the curves. */
export const closeLooks: readonly Deed[] = [
  (page) => page.getByRole('switch', { name: training.logAxis }).click(),
  (page) => page.getByRole('button', { name: chart.zoomIn }).click(),
  async (page) => {
    const { x, y, width, height } = (await lossChart(page).boundingBox())!
    await page.mouse.move(x + 0.3 * width, y + height / 2)
    await page.mouse.move(x + 0.7 * width, y + height / 2, { steps: 12 })
  },
  (page) => page.getByRole('button', { name: chart.resetZoom }).click(),
  async (page) => {
    await lossChart(page).press('Home')
    await lossChart(page).press('ArrowRight')
    await lossChart(page).press('Escape')
  },
]

/** Going away from the run's screen and back again, twice. */
export const visitsElsewhere = (runId: string): readonly Deed[] => [
  (page) => navigation(page, strings.home.title).click(),
  (page) => page.getByRole('link', { name: runId }).click(),
  async (page) => {
    await page.keyboard.press('ControlOrMeta+K')
    await page.getByRole('textbox', { name: strings.actions.searchPalette }).pressSequentially('con')
  },
  (page) => page.keyboard.press('Enter'),
  (page) =>
    page.getByRole('textbox', { name: strings.console.prompt, exact: true }).pressSequentially('Once upon a'),
  (page) => navigation(page, strings.home.title).click(),
  (page) => page.getByRole('link', { name: runId }).click(),
]
