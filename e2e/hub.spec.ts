import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { sampleFiles } from '../src-main/hub/testing/sample-files.ts'
import { modelId, startHub, type HubServer } from '../src-main/hub/testing/hub-server.ts'
import { strings } from '../src-renderer/strings/index.ts'
import { inspect } from './inspection.ts'
import { expectEnded, output, tokensOf } from './screens/console.ts'
import { visit } from './screens/navigation.ts'
import { expectStep, nextButton } from './screens/wizard.ts'
import { expect, test } from './studio-test.ts'

const words = strings.wizard.hub
const consoleWords = strings.console
const settingsWords = strings.settings.hub
const template =
  "{% for m in messages %}{{ m.content + '\n' }}{% endfor %}{% if add_generation_prompt %}Once{% endif %}"
const token = 'hf_of_the_tester'
let hub: HubServer
let cache: string

// The studio's process inherits the environment of this one.
test.beforeAll(async () => {
  const chatTemplate = { contents: Buffer.from(template), isLarge: false }
  hub = await startHub({ ...(await sampleFiles()), 'chat_template.jinja': chatTemplate })
  cache = await mkdtemp(join(tmpdir(), 'spellm-e2e-hub-'))
  Object.assign(process.env, { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cache, HF_TOKEN_PATH: '/dev/null' })
})
test.afterAll(async () => {
  for (const name of ['HF_ENDPOINT', 'HF_HUB_CACHE', 'HF_TOKEN_PATH'])
    Reflect.deleteProperty(process.env, name)
  await hub.close()
  await rm(cache, { recursive: true, force: true })
})

const downloadOf = (page: Page) => page.getByRole('group', { name: words.downloadOf(modelId) })
const modelChoice = (page: Page) => page.getByRole('radio', { name: new RegExp(`^${modelId}`) })

async function openWizard(page: Page): Promise<void> {
  await page
    .getByRole('navigation', { name: strings.app.navigation })
    .getByRole('button', { name: strings.actions.newConversion })
    .click()
  await expectStep(page, 'base')
}

async function lookUp(page: Page, id: string): Promise<void> {
  await page.getByRole('textbox', { name: words.id }).fill(id)
  await page.getByRole('button', { name: words.lookUp }).click()
}

test('a model is fetched from the Hub: its size first, stopped, seen after a reload, continued, and taken as base', async ({
  page,
}) => {
  const download = downloadOf(page)
  await openWizard(page)
  await lookUp(page, 'no such model!')
  await expect(page.getByRole('alert')).toContainText('no such model!')

  // The Hub asks for patience, and somebody has none.
  hub.trouble('api', { status: 429, headers: { 'retry-after': '60' } })
  await lookUp(page, modelId)
  await expect(page.getByText(words.asking)).toBeVisible()
  await page.getByRole('button', { name: words.cancel }).click()
  await expect(page.getByText(words.asking)).toBeHidden()

  await lookUp(page, `${hub.endpoint}/${modelId}`)
  await expect(page.getByText(/MB in 7 files\.$/)).toBeVisible()
  await inspect(page, 'hub-found')
  hub.pace = { bytes: 65_536, milliseconds: 40 }
  await page.getByRole('button', { name: words.download, exact: true }).click()
  await expect(download).toContainText(/ of .*MB · \d of \d files · .*\/s/)
  await page.reload()
  await expectStep(page, 'base')
  await expect(download).toContainText(/ of .*MB · \d of \d files/)
  await inspect(page, 'hub-download')
  await download.getByRole('button', { name: words.stop }).click()
  await expect(download).toContainText('what has arrived is kept')

  hub.pace = null
  await download.getByRole('button', { name: words.resume }).click()
  await expect(download).toContainText('verified')
  // What had arrived was not fetched again.
  expect(hub.requests.some(({ range }) => range !== undefined)).toBe(true)
  await expect(modelChoice(page)).toBeVisible()
  await download.getByRole('button', { name: words.choose }).click()
  await expect(modelChoice(page)).toBeChecked()
  await nextButton(page, 'spelling').click()
  await expectStep(page, 'spelling')
})

test('a model that is here already is chosen at once, and a chat with it continues turn by turn', async ({
  page,
}) => {
  await openWizard(page)
  await lookUp(page, modelId)
  await expect(page.getByText(words.cached(modelId))).toBeVisible()
  await page.getByRole('button', { name: strings.wizard.base.addToLibrary }).click()
  await expect(modelChoice(page)).toBeChecked()

  await visit(page, 'console')
  await page.getByRole('button', { name: consoleWords.tryBaseModel }).click()
  await page.getByRole('combobox', { name: consoleWords.source }).click()
  await page.getByRole('option', { name: modelId, exact: true }).click()
  const message = page.getByRole('textbox', { name: consoleWords.message })
  const send = page.getByRole('button', { name: consoleWords.send })
  await page.getByRole('textbox', { name: consoleWords.maxTokens }).fill('8')
  await page.getByRole('textbox', { name: consoleWords.system }).fill('Tell stories.')
  await message.fill('Of a bear, please.')
  await send.click()
  await expectEnded(page)
  await expect(tokensOf(page, 'base')).toHaveCount(8)
  await message.fill('And of a hare?')
  await page.keyboard.press('ControlOrMeta+Enter')
  await expectEnded(page)
  for (const said of ['Tell stories.', 'Of a bear, please.', 'And of a hare?'])
    await expect(output(page, 'base')).toContainText(said)
  const answer = await tokensOf(page, 'base').allInnerTexts()
  await inspect(page, 'console-chat')
  await page.getByRole('button', { name: consoleWords.regenerate }).click()
  await expectEnded(page)
  expect(await tokensOf(page, 'base').allInnerTexts()).toEqual(answer)
  await page.getByRole('button', { name: consoleWords.clear }).click()
  await expect(output(page, 'base')).toBeHidden()

  await page.getByText(consoleWords.completion, { exact: true }).click()
  await expect(page.getByRole('textbox', { name: consoleWords.prompt, exact: true })).toBeVisible()
})

test('a gated model says where to ask for access; a token opens it, and is never shown', async ({ page }) => {
  await rm(cache, { recursive: true, force: true })
  hub.token = token
  await openWizard(page)
  await lookUp(page, modelId)
  await page.getByRole('button', { name: words.download, exact: true }).click()
  const download = downloadOf(page)
  await expect(download.getByRole('alert')).toContainText(hub.endpoint)
  await inspect(page, 'hub-gated')

  await download.getByRole('button', { name: words.giveToken }).click()
  const panel = page.getByRole('region', { name: settingsWords.title })
  await expect(panel).toContainText(settingsWords.noToken)
  await expect(panel).toContainText(hub.endpoint)
  const field = panel.getByLabel(settingsWords.give)
  await field.fill('two words')
  await panel.getByRole('button', { name: settingsWords.save }).click()
  await expect(panel.getByRole('alert')).toBeVisible()
  await field.fill(token)
  await panel.getByRole('button', { name: settingsWords.save }).click()
  await expect(panel.getByRole('status')).toHaveText(settingsWords.saved)
  await expect(panel.getByLabel(settingsWords.replace)).toHaveValue('')
  await page.reload()
  await expect(panel.getByRole('button', { name: settingsWords.remove })).toBeVisible()
  expect(await page.content()).not.toContain(token)
  await inspect(page, 'settings-token')

  await openWizard(page)
  await download.getByRole('button', { name: words.resume }).click()
  await expect(download).toContainText('verified')
  expect(hub.requests.at(-1)?.path).not.toContain(token)
  await download.getByRole('button', { name: words.forget }).click()
  await expect(download).toBeHidden()

  await visit(page, 'settings')
  await panel.getByRole('button', { name: settingsWords.remove }).click()
  await expect(panel).toContainText(settingsWords.noToken)
  hub.token = null
})
