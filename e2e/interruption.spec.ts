import { strings } from '../src-renderer/strings/index.ts'
import { walkThroughChart, wholeNumbers } from './screens/chart-walk.ts'
import { dismissCrash, expectHeading } from './screens/navigation.ts'
import { expectPhase, expectStatus, expectStepAfter, finishNow, lastStep } from './screens/run.ts'
import { convertSample, longBudget } from './screens/wizard.ts'
import { expect, test } from './studio-test.ts'

const words = strings.training
const { runs } = strings

test('a run is paused and continued, survives a kill of the engine, and is continued and finished', async ({
  page,
  studio,
}) => {
  const button = (name: string) => page.getByRole('main').getByRole('button', { name })
  await convertSample(page, 'interrupted', longBudget)
  await expectStepAfter(page, 4)

  await button(runs.pause).click()
  await expectStatus(page, 'paused')
  await expect(page.getByText(words.pausedExplanation)).toBeVisible()
  const checkpoint = await lastStep(page)
  await button(runs.continue).click()
  await expectStatus(page, 'running')
  await expectStepAfter(page, checkpoint)

  const pid = await studio.enginePid()
  process.kill(pid, 'SIGKILL')
  const notice = page.getByRole('alert').filter({ hasText: strings.app.crashed })
  await expect(notice).toContainText(strings.app.crashedRuns)
  await expectStatus(page, 'interrupted')
  await expect(page.getByText(words.interruptedExplanation)).toBeVisible()
  expect(await studio.enginePid()).not.toBe(pid)
  await dismissCrash(page)

  await button(runs.continue).click()
  await expectPhase(page, 'train')
  await finishNow(page)
  await expectHeading(page, 'interrupted')
  const last = await lastStep(page)
  expect(last).toBeGreaterThanOrEqual(checkpoint)
  expect(await walkThroughChart(page, words.loss, 1)).toEqual(wholeNumbers(1, last))
})
