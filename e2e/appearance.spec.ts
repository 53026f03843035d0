import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { strings } from '../src-renderer/strings/index.ts'
import { preparedRuns } from './host/prepared-data.ts'
import { inspect } from './inspection.ts'
import { detail, generate, tokensOf } from './screens/console.ts'
import { dismissCrash, expectHeading, openAddress, visit } from './screens/navigation.ts'
import { expectStatus, expectStepAfter } from './screens/run.ts'
import {
  convertSample,
  longBudget,
  expectStep,
  nextButton,
  sampleChoice,
  startButton,
  typeBudget,
} from './screens/wizard.ts'
import { expect, test } from './studio-test.ts'

const { home, wizard, training, runs } = strings

test.describe('accessible in both themes', () => {
  // Each screen is looked at three times.
  test.slow()

  test('before the first run', async ({ page, studio }) => {
    await expect(
      page.getByRole('button', { name: home.nameAction(home.convert, 'Sample model') }),
    ).toBeVisible()
    await inspect(page, 'home-empty')
    await page.keyboard.press('ControlOrMeta+K')
    await expect(page.getByRole('textbox', { name: strings.actions.searchPalette })).toBeFocused()
    await inspect(page, 'palette')
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: home.addFolder }).click()
    await expect(page.getByRole('dialog', { name: home.pickTitle })).toBeVisible()
    await inspect(page, 'folder-dialog')
    await page.keyboard.press('Escape')

    await visit(page, 'console')
    await inspect(page, 'console-empty')
    await visit(page, 'compare')
    await inspect(page, 'compare-empty')
    await openAddress(page, '/nowhere')
    await inspect(page, 'unknown-address')
    await openAddress(page, '/runs/gone')
    await expectHeading(page, training.notFound('gone'))
    await inspect(page, 'unknown-run')

    const folder = join(studio.dataFolder, 'no model')
    await mkdir(folder)
    await writeFile(join(folder, 'config.json'), '{}')
    await openAddress(page, '/new')
    await page.getByRole('textbox', { name: wizard.base.folder }).fill(folder)
    await page.getByRole('button', { name: wizard.base.check, exact: true }).click()
    await expect(page.getByRole('alert')).toBeVisible()
    await inspect(page, 'wizard-no-model')
  })

  test('the wizard', async ({ page }) => {
    await openAddress(page, '/new')
    await expectStep(page, 'base')
    await sampleChoice(page).click()
    await expect(page.getByText(wizard.card.memoryTitle)).toBeVisible()
    await inspect(page, 'wizard-base')
    await nextButton(page, 'spelling').click()
    await expectStep(page, 'spelling')
    await expect(page.getByRole('list', { name: wizard.spelling.spelledTokens })).toBeVisible()
    await expect(page.getByRole('grid')).toBeVisible()
    await inspect(page, 'wizard-spelling')
    await nextButton(page, 'training').click()
    await expectStep(page, 'training')
    await typeBudget(page, longBudget)
    await expect(page.getByRole('region', { name: wizard.training.preview })).toBeVisible()
    await expect(page.getByText(wizard.estimate.steps, { exact: true })).toBeVisible()
    await inspect(page, 'wizard-training')
    await nextButton(page, 'review').click()
    await expectStep(page, 'review')
    await expect(page.getByText(wizard.estimate.steps, { exact: true })).toBeVisible()
    await inspect(page, 'wizard-review')
  })

  test.describe('with runs', () => {
    test.use({ startsWith: 'finishedRuns' })

    test('home, a finished run and one that trains', async ({ page }) => {
      const [narrow, wide] = preparedRuns
      await expect(page.getByRole('link', { name: wide })).toBeVisible()
      await inspect(page, 'home')
      await page.getByRole('button', { name: home.nameAction(runs.delete, narrow) }).click()
      await expect(page.getByRole('dialog')).toBeVisible()
      await inspect(page, 'delete-dialog')
      await page.keyboard.press('Escape')

      await page.getByRole('link', { name: wide }).click()
      await expectStatus(page, 'finished')
      await expect(page.getByRole('slider', { name: strings.chart.position(training.loss) })).toBeVisible()
      await inspect(page, 'run-finished')
      await page.getByRole('button', { name: strings.chart.showTable(training.loss) }).click()
      await expect(page.getByRole('dialog')).toBeVisible()
      await inspect(page, 'chart-table')
      await page.keyboard.press('Escape')

      await convertSample(page, 'training', longBudget)
      await expectStepAfter(page, 3)
      await inspect(page, 'run-training')
      await page.getByRole('button', { name: training.finishNow }).click()
      await expect(page.getByRole('dialog')).toBeVisible()
      await inspect(page, 'finish-dialog')
      await page.keyboard.press('Escape')

      await visit(page, 'compare')
      for (const name of ['training', wide])
        await page.getByRole('checkbox', { name: strings.compare.select(name) }).check()
      const loss = page.getByRole('slider', { name: strings.chart.position(training.loss) })
      const shownSteps = async () => Number(await loss.getAttribute('aria-valuemax'))
      const shownBefore = await shownSteps()
      await inspect(page, 'compare-live')
      // The run that trains continues while it is looked at.
      await expect.poll(shownSteps).toBeGreaterThan(shownBefore)

      await visit(page, 'home')
      await page.getByRole('button', { name: strings.actions.convertSample }).click()
      await expectStep(page, 'review')
      await startButton(page).click()
      await expectStatus(page, 'queued')
      await inspect(page, 'run-queued')
      await visit(page, 'home')
      await inspect(page, 'home-active')
    })

    test('console, compare and settings', async ({ page }) => {
      await visit(page, 'console')
      await inspect(page, 'console')
      await generate(page, 'Once upon a time', 24)
      await inspect(page, 'console-results')
      await tokensOf(page, 'trie').nth(1).click()
      await expect(detail(page, 2, 'trie').getByRole('table')).toHaveCount(3)
      await inspect(page, 'console-detail')
      await page.getByRole('button', { name: strings.console.save, exact: true }).click()
      await expect(page.getByRole('dialog')).toBeVisible()
      await inspect(page, 'console-save')
      await page.getByRole('dialog').getByRole('button', { name: strings.console.save, exact: true }).click()
      await expect(page.getByRole('dialog')).toBeHidden()
      await page.getByRole('button', { name: strings.console.savedPrompts }).click()
      await expect(page.getByRole('dialog')).toBeVisible()
      await inspect(page, 'console-saved')
      await page.keyboard.press('Escape')

      await visit(page, 'compare')
      for (const name of preparedRuns)
        await page.getByRole('checkbox', { name: strings.compare.select(name) }).check()
      await expect(page.getByRole('slider', { name: strings.chart.position(training.loss) })).toBeVisible()
      await inspect(page, 'compare')

      await visit(page, 'settings')
      await expect(page.getByText(strings.settings.diagnosticsDescription)).toBeVisible()
      await expect(page.getByRole('rowheader').first()).toBeVisible()
      await inspect(page, 'settings')
      await page
        .getByRole('button', { name: strings.settings.cleanPlace(strings.settings.places.checkpoints) })
        .click()
      await expect(page.getByRole('dialog')).toBeVisible()
      await inspect(page, 'clean-dialog')
    })

    test('what an ended engine leaves', async ({ page, studio }) => {
      process.kill(await studio.enginePid(), 'SIGKILL')
      await expect(page.getByRole('alert').filter({ hasText: strings.app.crashed })).toBeVisible()
      await inspect(page, 'engine-restarted')
      await dismissCrash(page)
      process.kill(await studio.enginePid(), 'SIGKILL')
      await dismissCrash(page)
      process.kill(await studio.enginePid(), 'SIGKILL')
      await expect(page.getByRole('alert').filter({ hasText: strings.app.connectionFailed })).toBeVisible()
      await inspect(page, 'engine-failed')
    })
  })
})
