import { strings } from '../src-renderer/strings/index.ts'
import { expectHeading, visit } from './screens/navigation.ts'
import {
  deleteRun,
  expectPhase,
  expectStatus,
  expectStepAfter,
  fact,
  readChartTable,
  readNumber,
  walkThroughChart,
} from './screens/run.ts'
import { convertSample, expectStep, smallBudget, smallBudgetSteps, startButton } from './screens/wizard.ts'
import { expect, test } from './studio-test.ts'

const words = strings.training

test('a conversion of the sample model: a second run waits and is cancelled, the page is reloaded, and the loss falls', async ({
  page,
}) => {
  await convertSample(page, 'first', smallBudget)
  await expectStatus(page, 'running')

  await visit(page, 'home')
  await page.getByRole('button', { name: strings.actions.convertSample }).click()
  await expectStep(page, 'review')
  await expect(page.getByText(strings.wizard.review.queueHint)).toBeVisible()
  await page.getByRole('textbox', { name: strings.wizard.review.name }).fill('second')
  await startButton(page).click()
  await expectHeading(page, 'second')
  await expectStatus(page, 'queued')
  await deleteRun(page, 'second')
  await expectHeading(page, strings.home.title)
  await expect(page.getByRole('link', { name: 'second' })).toHaveCount(0)

  await page.getByRole('link', { name: 'first' }).click()
  await expectPhase(page, 'train')
  await expectStepAfter(page, 5)
  await page.reload()
  await expectHeading(page, 'first')
  await expectStatus(page, 'finished')

  const result = page.getByRole('region', { name: words.result })
  for (const name of [words.resultTrie, words.resultFree]) {
    const agreement = readNumber(await fact(page, name).innerText())
    expect(agreement).toBeGreaterThan(10)
    expect(agreement).toBeLessThanOrEqual(100)
  }
  await expect(result).toContainText(words.resultTail)

  const loss = await readChartTable(page, words.loss)
  expect(loss.at(-1)!.y).toBeLessThan(loss[0]!.y / 2)
  const agreement = await readChartTable(page, words.agreement)
  expect(agreement.at(-1)!.x).toBe(smallBudgetSteps)
  expect(agreement.at(-1)!.y).toBeGreaterThan(agreement[0]!.y)

  const steps = Array.from({ length: smallBudgetSteps }, (_, index) => index + 1)
  expect(await walkThroughChart(page, words.loss)).toEqual(steps)
})
