import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { strings } from '../src-renderer/strings/index.ts'
import { preparedRuns } from './host/prepared-data.ts'
import { inspect } from './inspection.ts'
import { visit } from './screens/navigation.ts'
import { expect, test } from './studio-test.ts'

const words = strings.benchmark

test.use({ startsWith: 'finishedRuns' })

const startButton = (page: Page) => page.getByRole('button', { name: words.start, exact: true })
const table = (page: Page, context: number) =>
  page.getByRole('table', { name: `${words.table}, ${words.atContext(context)}` })

test('a SpeLLM is measured, its costs are shown and kept, and a long benchmark can be cancelled', async ({
  page,
}) => {
  await visit(page, 'benchmark')
  await expect(page.getByRole('combobox', { name: strings.console.source })).toHaveValue(
    new RegExp(`^${preparedRuns[1]}`),
  )
  await inspect(page, 'benchmark')
  const contexts = page.getByRole('textbox', { name: words.contexts })
  const steps = page.getByRole('textbox', { name: words.steps })

  await contexts.fill('400')
  await expect(page.getByText(words.invalid.contexts(384))).toBeVisible()
  await expect(startButton(page)).toBeDisabled()
  await contexts.fill('16, 64')
  await steps.fill('8')
  // By keyboard.
  await startButton(page).focus()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('progressbar', { name: words.progress })).toBeVisible()
  await expect(table(page, 64)).toBeVisible({ timeout: 60_000 })
  for (const context of [16, 64])
    await expect(table(page, context).getByRole('rowheader')).toHaveText(['base', 'gated', 'trie', 'free'])
  await expect(page.getByText(words.lossless)).toBeVisible()
  await expect(page.getByRole('list', { name: words.bars })).toHaveCount(2)
  await expect(page.getByRole('slider', { name: strings.chart.position(words.byContext) })).toBeVisible()
  await inspect(page, 'benchmark-results')

  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: words.saveJson }).click()
  const download = await downloading
  expect(download.suggestedFilename()).toBe(`${words.fileName}.json`)
  expect(JSON.parse(await readFile(await download.path(), 'utf8'))).toMatchObject({
    isTrained: true,
    contexts: [{ context: 16 }, { context: 64 }],
  })

  await steps.fill('1000')
  await startButton(page).click()
  await expect(page.getByText(words.stages.measuring)).toBeVisible()
  await page.getByRole('button', { name: words.cancel, exact: true }).click()
  await expect(startButton(page)).toBeEnabled()
  // What was found before stays.
  await expect(table(page, 64)).toBeVisible()
})

test('a base model is measured without a SpeLLM', async ({ page }) => {
  await visit(page, 'benchmark')
  await page.getByRole('combobox', { name: strings.console.source }).click()
  await page.getByRole('option', { name: 'Sample model', exact: true }).click()
  await expect(page.getByRole('checkbox', { name: 'lossless' })).toBeDisabled()
  await page.getByRole('textbox', { name: words.steps }).fill('5')
  await startButton(page).click()
  await expect(page.getByText(words.untrained)).toBeVisible({ timeout: 60_000 })
  await expect(table(page, 128).getByRole('rowheader')).toHaveCount(4)
})
