import { strings } from '../src-renderer/strings/index.ts'
import { expectHeading } from './screens/navigation.ts'
import { deleteRun, expectStatus } from './screens/run.ts'
import { expectStep, startButton } from './screens/wizard.ts'
import { expect, test } from './studio-test.ts'

const words = strings.home

test.describe('the first start', () => {
  test('shows what a SpeLLM is, and the sample model', async ({ page }) => {
    await expectHeading(page, words.title)
    await expect(page.getByRole('heading', { name: words.welcomeTitle })).toBeVisible()
    await expect(page.getByRole('img', { name: words.diagram.label })).toBeVisible()
    const sample = page.getByRole('row').filter({ hasText: words.builtIn })
    await expect(sample.getByRole('button', { name: words.convert })).toBeVisible()
    await expect(page.getByRole('heading', { name: words.runs, exact: true })).toHaveCount(0)
  })

  test('converts the sample model with two clicks', async ({ page }) => {
    await page.getByRole('button', { name: strings.actions.convertSample }).click()
    await expectStep(page, 'review')
    await expect(startButton(page)).toBeEnabled()
    const name = await page.getByRole('textbox', { name: strings.wizard.review.name }).inputValue()
    await startButton(page).click()
    await expectHeading(page, name)
    await expectStatus(page, 'running')

    await deleteRun(page, name)
    await expectHeading(page, words.title)
    await expect(page.getByRole('heading', { name: words.welcomeTitle })).toBeVisible()
  })
})
