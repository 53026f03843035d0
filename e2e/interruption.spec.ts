import { strings } from '../src-renderer/strings/index.ts'
import { expectHeading } from './screens/navigation.ts'
import {
  expectPhase,
  expectStatus,
  expectStepAfter,
  fact,
  lastStep,
  readNumber,
  walkThroughChart,
} from './screens/run.ts'
import { convertSample, endlessBudget, smallBudget, smallBudgetSteps } from './screens/wizard.ts'
import { expect, test } from './studio-test.ts'

const words = strings.training
const { runs } = strings

test('a run is paused and continued, survives a kill of the engine, and is finished to its last step', async ({
  page,
  studio,
}) => {
  const button = (name: string) => page.getByRole('main').getByRole('button', { name })
  await convertSample(page, 'interrupted', smallBudget)
  await expectStepAfter(page, 4)

  await button(runs.pause).click()
  await expectStatus(page, 'paused')
  await expect(page.getByText(words.pausedExplanation)).toBeVisible()
  const checkpoint = await lastStep(page)
  await button(runs.continue).click()
  await expectStatus(page, 'running')
  await expectStepAfter(page, checkpoint + 2)

  const pid = await studio.enginePid()
  process.kill(pid, 'SIGKILL')
  const notice = page.getByRole('alert').filter({ hasText: strings.app.crashed })
  await expect(notice).toContainText(strings.app.crashedRuns)
  await expectStatus(page, 'interrupted')
  await expect(page.getByText(words.interruptedExplanation)).toBeVisible()
  expect(await studio.enginePid()).not.toBe(pid)
  await notice.getByRole('button', { name: strings.app.dismiss }).click()
  await expect(notice).toBeHidden()

  await button(runs.continue).click()
  await expectStatus(page, 'finished')
  await expectHeading(page, 'interrupted')
  const steps = Array.from({ length: smallBudgetSteps }, (_, index) => index + 1)
  expect(await walkThroughChart(page, words.loss)).toEqual(steps)
})

test('a run is finished early, with the weights that it has by then', async ({ page }) => {
  await convertSample(page, 'early', endlessBudget)
  await expectPhase(page, 'train')
  await expectStepAfter(page, 2)
  await page.getByRole('button', { name: words.finishNow }).click()
  const dialog = page.getByRole('dialog', { name: words.finishTitle })
  await dialog.getByRole('button', { name: words.finishNow }).click()
  await expectStatus(page, 'finished')

  const steps = readNumber(await fact(page, words.resultSteps).innerText())
  expect(steps).toBeGreaterThan(2)
  expect(steps).toBe(await lastStep(page))
  await expect(page.getByRole('button', { name: runs.continue })).toHaveCount(0)
})
