import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { strings } from '../src-renderer/strings/index.ts'
import { preparedRuns } from './host/prepared-data.ts'
import { inspect } from './inspection.ts'
import {
  detail,
  expectEnded,
  generate,
  generateButton,
  output,
  promptField,
  textOf,
  tokensOf,
} from './screens/console.ts'
import { expectHeading, visit } from './screens/navigation.ts'
import { expect, test } from './studio-test.ts'

const words = strings.console
const prompt = 'Once upon a time'

test.use({ startsWith: 'finishedRuns' })

test.beforeEach(async ({ page }) => {
  const run = preparedRuns[1]
  await page.getByRole('button', { name: strings.home.nameAction(strings.runs.test, run) }).click()
  await expectHeading(page, words.title)
  await expect(page.getByRole('combobox', { name: words.source })).toHaveValue(new RegExp(`^${run}`))
})

test('base and SpeLLM continue a prompt side by side, and each token shows how it came about', async ({
  page,
}) => {
  await generate(page, prompt, 12)
  for (const writer of ['base', 'trie'] as const) {
    await expect(tokensOf(page, writer)).toHaveCount(12)
    await expect(output(page, writer)).toContainText(words.endReason.length)
    await expect(output(page, writer)).toContainText(/tokens\/s/)
  }

  await tokensOf(page, 'trie').nth(2).click()
  const third = detail(page, 3, 'trie')
  const heads = third.getByRole('table', { name: words.heads })
  await expect(heads.getByRole('rowheader')).toHaveCount(12)
  const runnersUp = third.getByRole('table', { name: words.trieTitle })
  await expect(runnersUp.getByRole('rowheader').first()).toContainText(words.chosen)
  expect(await runnersUp.getByRole('rowheader').count()).toBeGreaterThan(1)
  expect(
    await third.getByRole('table', { name: words.baseTitle }).getByRole('rowheader').count(),
  ).toBeGreaterThan(1)

  await page.keyboard.press('Escape')
  await expect(third).toBeHidden()
  await expect(tokensOf(page, 'trie').nth(2)).toBeFocused()
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  const fourth = detail(page, 4, 'trie')
  await expect(fourth.getByRole('heading', { level: 2 })).toBeFocused()
  await expect(
    fourth.getByRole('table', { name: words.trieTitle }).getByRole('rowheader').first(),
  ).toContainText(words.chosen)
})

test('a generation is stopped, and what was written stays', async ({ page }) => {
  await promptField(page).fill(prompt)
  await page.getByRole('textbox', { name: words.maxTokens }).fill('4096')
  await page.keyboard.press('ControlOrMeta+Enter')
  // From within the page: a story may end before a click from outside has come through.
  await page.getByRole('button', { name: words.stop, exact: true }).evaluate(
    (button: HTMLButtonElement) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (document.querySelectorAll('[id^="token-spellm-"]').length <= 3 || button.disabled) {
            requestAnimationFrame(look)
            return
          }
          button.click()
          resolve()
        }
        look()
      }),
  )
  await expectEnded(page)
  await expect(output(page, 'trie')).toContainText(words.stopped)
  const written = await tokensOf(page, 'trie').count()
  expect(written).toBeGreaterThan(3)
  expect(written).toBeLessThan(4_096)
})

test('sampling with the same seed writes the same text', async ({ page }) => {
  await page.getByText(words.sampled, { exact: true }).click()
  const seed = page.getByRole('textbox', { name: words.seed })
  const write = async (number: number) => {
    await seed.fill(String(number))
    await generate(page, prompt, 24)
    return { base: await textOf(page, 'base'), trie: await textOf(page, 'trie') }
  }
  const first = await write(7)
  const other = await write(8)
  expect(other).not.toEqual(first)
  expect(await write(7)).toEqual(first)
})

test('free decoding writes beside the base model, too', async ({ page }) => {
  await page.getByText(words.modes.free, { exact: true }).click()
  await generate(page, prompt, 8)
  await expect(tokensOf(page, 'free').first()).toBeVisible()
  await expect(generateButton(page)).toBeEnabled()
})

test('lossless decoding writes what the base model writes', async ({ page }) => {
  await page.getByText(words.modes.lossless, { exact: true }).click()
  await generate(page, prompt, 24)
  for (const writer of ['base', 'lossless'] as const) await expect(tokensOf(page, writer)).toHaveCount(24)
  const tokens = async (writer: 'base' | 'lossless') => tokensOf(page, writer).allInnerTexts()
  expect(await tokens('lossless')).toEqual(await tokens('base'))
})

test("a SpeLLM decodes in its run's mode until another one is chosen", async ({ page, studio }) => {
  const spellm = join(studio.dataFolder, 'runs', preparedRuns[0], 'spellm/spellm.json')
  expect(JSON.parse(await readFile(spellm, 'utf8'))).toMatchObject({ mode: 'gated' })
  await expect(page.getByRole('radio', { name: words.modes.trie })).toBeChecked()
  await page.getByRole('combobox', { name: words.source }).click()
  await page.getByRole('option', { name: new RegExp(`^${preparedRuns[0]}`) }).click()
  await expect(page.getByRole('radio', { name: words.modes.gated })).toBeChecked()
  await generate(page, prompt, 6)
  await expect(tokensOf(page, 'gated')).toHaveCount(6)
  await page.getByText(words.modes.free, { exact: true }).click()
  await generate(page, prompt, 6)
  await expect(tokensOf(page, 'free')).toHaveCount(6)
})

test('trie and gated show the numbers that they worked with, and a saved prompt keeps them', async ({
  page,
}) => {
  await page.getByText(words.modes.trie, { exact: true }).click()
  const candidates = page.getByRole('textbox', { name: words.candidates })
  await candidates.fill('-1')
  await expect(generateButton(page)).toBeDisabled()
  await candidates.fill('16')
  await generate(page, prompt, 8)
  await expect(output(page, 'trie')).toContainText(words.candidatesNote(16))
  await page.getByText(words.modes.gated, { exact: true }).click()
  await page.getByRole('textbox', { name: words.gatePercent }).fill('10')
  await generate(page, prompt, 8)
  await expect(output(page, 'gated')).toContainText(words.gateNote(0.1))
  await inspect(page, 'console-gated')
  await page.getByRole('button', { name: words.save, exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: words.save, exact: true }).click()
  await expect(page.getByRole('dialog')).toBeHidden()

  await page.reload()
  await page.getByRole('button', { name: words.savedPrompts }).click()
  await page.getByRole('button', { name: words.loadSaved(prompt) }).click()
  await expect(page.getByRole('radio', { name: words.modes.gated })).toBeChecked()
  await expect(page.getByRole('textbox', { name: words.gatePercent })).toHaveValue('10')
  await expect(output(page, 'gated')).toContainText(words.gateNote(0.1))
})

test('a prompt is saved with its results, listed after a reload, loaded, and deleted', async ({ page }) => {
  await generate(page, prompt, 8)
  const written = await textOf(page, 'trie')
  await page.getByRole('button', { name: words.save, exact: true }).click()
  const saving = page.getByRole('dialog', { name: words.saveTitle })
  await saving.getByRole('textbox', { name: words.saveName }).fill('A beginning')
  await saving.getByRole('button', { name: words.save, exact: true }).click()
  await expect(saving).toBeHidden()

  await page.reload()
  await expect(promptField(page)).toHaveValue('')
  await page.getByRole('button', { name: words.savedPrompts }).click()
  const list = page.getByRole('dialog', { name: words.savedPrompts })
  await list.getByRole('button', { name: words.loadSaved('A beginning') }).click()
  await expect(promptField(page)).toHaveValue(prompt)
  await expect(output(page, 'trie')).toContainText(words.saved)
  await expect(output(page, 'trie')).toContainText(written.trim())

  await page.getByRole('button', { name: words.savedPrompts }).click()
  await list.getByRole('button', { name: words.deleteSaved('A beginning') }).click()
  await expect(list).toContainText(words.noSaved)
})

test('a base model can be tried alone', async ({ page }) => {
  await page.getByRole('combobox', { name: words.source }).click()
  await page.getByRole('option', { name: 'Sample model', exact: true }).click()
  await generate(page, prompt, 8)
  await expect(tokensOf(page, 'base')).toHaveCount(8)
  await expect(output(page, 'trie')).toHaveCount(0)
  await tokensOf(page, 'base').first().click()
  await expect(detail(page, 1, 'base').getByRole('table')).toHaveCount(1)
  await visit(page, 'home')
})
