import { strings } from '../src-renderer/strings/index.ts'
import { walkThroughChart, wholeNumbers } from './screens/chart-walk.ts'
import { expectHeading, visit } from './screens/navigation.ts'
import {
  deleteRun,
  expectPhase,
  expectStatus,
  expectStepAfter,
  fact,
  finishNow,
  lastStep,
  readChartTable,
  readNumber,
} from './screens/run.ts'
import {
  convertSample,
  expectStep,
  longBudget,
  longBudgetSteps,
  nameRun,
  startButton,
} from './screens/wizard.ts'
import { expect, test } from './studio-test.ts'

const words = strings.training
/** The learning rate has risen by then, and the loss fallen. */
const enoughSteps = 60

test('a conversion of the sample model: a second run waits and is cancelled, the page is reloaded, the loss falls, and the run is finished early', async ({
  page,
}) => {
  await convertSample(page, 'first', longBudget)
  await expectStatus(page, 'running')

  await visit(page, 'home')
  await page.getByRole('button', { name: strings.actions.convertSample }).click()
  await expectStep(page, 'review')
  await expect(page.getByText(strings.wizard.review.modeText('lossless'))).toBeVisible()
  await expect(page.getByText(strings.wizard.review.queueHint)).toBeVisible()
  await nameRun(page, 'second')
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
  await expectStepAfter(page, enoughSteps)
  await finishNow(page)

  const steps = readNumber(await fact(page, words.resultSteps).innerText())
  expect(steps).toBe(await lastStep(page))
  expect(steps).toBeLessThan(longBudgetSteps)
  await expect(page.getByRole('main').getByRole('button', { name: strings.runs.continue })).toHaveCount(0)
  for (const name of [words.resultTrie, words.resultFree]) {
    const agreement = readNumber(await fact(page, name).innerText())
    expect(agreement).toBeGreaterThan(10)
    expect(agreement).toBeLessThanOrEqual(100)
  }

  expect(readNumber(await fact(page, words.resultSymbols).innerText())).toBeGreaterThanOrEqual(1_024)
  const verdict = await page.getByText(/^In lossless mode/).innerText()
  expect(verdict).toContain('wrote the base model’s text, token for token')

  const loss = await readChartTable(page, words.loss)
  expect(loss.at(-1)!.y).toBeLessThan(0.75 * loss[0]!.y)
  const agreement = await readChartTable(page, words.agreement)
  expect(agreement.at(-1)!.x).toBe(steps)
  expect(await walkThroughChart(page, words.loss, 1)).toEqual(wholeNumbers(1, steps))
})
