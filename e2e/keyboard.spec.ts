import type { Locator, Page } from '@playwright/test'
import { strings } from '../src-renderer/strings/index.ts'
import { expectHeading } from './screens/navigation.ts'
import { expectStatus } from './screens/run.ts'
import { longBudget, expectStep, nextButton, sampleChoice, startButton } from './screens/wizard.ts'
import { expect, test } from './studio-test.ts'

const words = strings.wizard
/** More stops than any screen has. */
const maxTabStops = 60

/** Presses Tab, or Shift+Tab, until an element has the focus. */
async function tabTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  await expect(target).toBeVisible()
  for (let stop = 0; stop < maxTabStops; stop++) {
    if (await target.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press(key)
  }
  throw new Error(`${String(target)} can't be reached with ${key}`)
}

async function typeInto(page: Page, field: Locator, text: string): Promise<void> {
  await tabTo(page, field)
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type(text)
}

test('the wizard can be walked by keyboard alone, and a revisited step keeps its choices', async ({
  page,
}) => {
  const { spelling, training, review } = words
  const { fields } = training
  const field = (name: string) => page.getByRole('textbox', { name })
  const slider = page.getByRole('slider', { name: spelling.k })
  const symbols = (name: string) =>
    page.getByRole('radiogroup', { name: spelling.symbols }).getByRole('radio', { name })
  const alphabet = (name: string) =>
    page.getByRole('radiogroup', { name: spelling.alphabet }).getByRole('radio', { name })

  await tabTo(page, page.getByRole('button', { name: strings.actions.newConversion }).first())
  await page.keyboard.press('Enter')
  await expectStep(page, 'base')
  await expect(nextButton(page, 'spelling')).toBeDisabled()
  await tabTo(page, sampleChoice(page))
  await page.keyboard.press('Space')
  await expect(sampleChoice(page)).toBeChecked()
  await tabTo(page, nextButton(page, 'spelling'))
  await page.keyboard.press('Enter')

  await expectStep(page, 'spelling')
  await tabTo(page, slider)
  await page.keyboard.press('ArrowLeft')
  await expect(slider).toHaveAttribute('aria-valuetext', spelling.kValue(11))
  await tabTo(page, alphabet(spelling.alphabets.auto))
  await page.keyboard.press('ArrowDown')
  await expect(alphabet(spelling.alphabets.ascii)).toBeChecked()

  // The Tab key enters the heatmap at the chosen cell: the row of ASCII, the column of 11.
  const chosen = page
    .getByRole('grid', { name: spelling.heatmapLabel })
    .getByRole('gridcell', { selected: true })
  await expect(chosen).toHaveCount(1)
  await tabTo(page, chosen)
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await expect(slider).toHaveAttribute('aria-valuetext', spelling.kValue(12))
  await expect(alphabet(spelling.alphabets.ascii)).toBeChecked()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(alphabet(spelling.alphabets.ascii)).not.toBeChecked()
  await expect(chosen).toBeFocused()
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await expect(alphabet(spelling.alphabets.ascii)).toBeChecked()

  await typeInto(page, field(spelling.tryLabel), 'cat')
  const tokens = page.getByRole('list', { name: spelling.spelledTokens }).getByRole('listitem')
  await expect(tokens.first()).toContainText(/^c/)
  // Frequent enough to be a symbol, until there are none.
  await expect(tokens.last()).toContainText(spelling.statuses.symbol)
  await tabTo(page, symbols(spelling.symbolNames.symbols), 'Shift+Tab')
  await page.keyboard.press('ArrowDown')
  await expect(symbols(spelling.symbolNames.characters)).toBeChecked()
  await expect(tokens.last()).toContainText(spelling.statuses.covered)
  await expect(async () => {
    const shown = await page.locator('.spelled-token').allInnerTexts()
    expect(shown.join('')).toBe('cat')
  }).toPass()
  await tabTo(page, nextButton(page, 'training'))
  await page.keyboard.press('Enter')

  await expectStep(page, 'training')
  await typeInto(page, field(training.budget), String(longBudget.tokens))
  await tabTo(page, page.getByRole('button', { name: training.advanced }))
  await page.keyboard.press('Enter')
  await typeInto(page, field(fields.epochs), String(longBudget.epochs))
  await typeInto(page, field(fields.adapterWidths), '16, x')
  await expect(page.getByText(words.problems.adapterWidths)).toBeVisible()
  await expect(nextButton(page, 'review')).toBeDisabled()
  await typeInto(page, field(fields.adapterWidths), longBudget.adapterWidths)

  await tabTo(page, page.getByRole('button', { name: words.back, exact: true }))
  await page.keyboard.press('Enter')
  await expectStep(page, 'spelling')
  await expect(slider).toHaveAttribute('aria-valuetext', spelling.kValue(12))
  await expect(alphabet(spelling.alphabets.ascii)).toBeChecked()
  await tabTo(page, nextButton(page, 'training'))
  await page.keyboard.press('Enter')
  await expectStep(page, 'training')
  await expect(field(fields.epochs)).toHaveValue(String(longBudget.epochs))
  await tabTo(page, nextButton(page, 'review'))
  await page.keyboard.press('Enter')

  await expectStep(page, 'review')
  await expect(page.getByText(review.alphabets.ascii)).toBeVisible()
  await tabTo(page, startButton(page))
  await page.keyboard.press('Enter')
  await expectHeading(page, 'sample-model-k12')
  await expectStatus(page, 'running')
})

test('the command palette performs what is typed', async ({ page }) => {
  await page.keyboard.press('ControlOrMeta+K')
  const search = page.getByRole('textbox', { name: strings.actions.searchPalette })
  await expect(search).toBeFocused()
  await page.keyboard.type(strings.actions.settings)
  await page.keyboard.press('Enter')
  await expectHeading(page, strings.settings.title)

  await page.keyboard.press('ControlOrMeta+K')
  await expect(search).toBeFocused()
  await page.keyboard.type('no such command')
  await expect(page.getByText(strings.actions.nothingFound)).toBeVisible()
  await page.keyboard.press('Escape')
  await expect(search).toBeHidden()
})

test('the first Tab leads to a link that skips the navigation', async ({ page }) => {
  await expectHeading(page, strings.home.title)
  await expect(page.getByRole('button', { name: strings.actions.convertSample })).toBeVisible()
  const skip = page.getByRole('link', { name: strings.app.skipToContent })
  await tabTo(page, skip, 'Shift+Tab')
  await expect(skip).toBeInViewport()
  await page.keyboard.press('Enter')
  await expect(page.getByRole('main')).toBeFocused()
  await page.keyboard.press('Tab')
  const focused = page.locator(':focus')
  await expect(page.getByRole('main').locator(':focus')).toHaveCount(1)
  await expect(focused).toHaveAccessibleName(strings.actions.convertSample)
})
