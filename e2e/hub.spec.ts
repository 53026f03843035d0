import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sampleFiles } from '../src-main/hub/testing/sample-files.ts'
import { modelId, startHub, type HubServer } from '../src-main/hub/testing/hub-server.ts'
import { strings } from '../src-renderer/strings/index.ts'
import { expectStep, nextButton } from './screens/wizard.ts'
import { expect, test } from './studio-test.ts'

const words = strings.wizard.hub
let hub: HubServer
let cache: string

// The studio's process inherits the environment of this one.
test.beforeAll(async () => {
  hub = await startHub(await sampleFiles())
  cache = await mkdtemp(join(tmpdir(), 'spellm-e2e-hub-'))
  Object.assign(process.env, { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cache, HF_TOKEN_PATH: '/dev/null' })
})
test.afterAll(async () => {
  for (const name of ['HF_ENDPOINT', 'HF_HUB_CACHE', 'HF_TOKEN_PATH'])
    Reflect.deleteProperty(process.env, name)
  await hub.close()
  await rm(cache, { recursive: true, force: true })
})

test('a model is fetched from the Hub: stopped, seen after a reload, continued, and taken as base', async ({
  page,
}) => {
  const download = page.getByRole('group', { name: words.downloadOf(modelId) })
  await page
    .getByRole('navigation', { name: strings.app.navigation })
    .getByRole('button', { name: strings.actions.newConversion })
    .click()
  await expectStep(page, 'base')

  await page.getByRole('textbox', { name: words.id }).fill('no such model!')
  await page.getByRole('button', { name: words.download }).click()
  await expect(page.getByRole('alert')).toContainText('no such model!')

  hub.pace = { bytes: 65_536, milliseconds: 40 }
  await page.getByRole('textbox', { name: words.id }).fill(`${hub.endpoint}/${modelId}`)
  await page.getByRole('button', { name: words.download }).click()
  await expect(download).toContainText(/ of .*MB · \d of \d files/)
  await page.reload()
  await expectStep(page, 'base')
  await expect(download).toContainText(/ of .*MB · \d of \d files/)
  await download.getByRole('button', { name: words.stop }).click()
  await expect(download).toContainText('what has arrived is kept')

  hub.pace = null
  await download.getByRole('button', { name: words.resume }).click()
  await expect(download).toContainText('verified')
  // What had arrived was not fetched again.
  expect(hub.requests.some(({ range }) => range !== undefined)).toBe(true)
  await expect(page.getByRole('radio', { name: new RegExp(`^${modelId}`) })).toBeVisible()
  await download.getByRole('button', { name: words.choose }).click()
  await expect(page.getByRole('radio', { name: new RegExp(`^${modelId}`) })).toBeChecked()
  await nextButton(page, 'spelling').click()
  await expectStep(page, 'spelling')
})

test('a gated model says where to ask for access', async ({ page }) => {
  await rm(cache, { recursive: true, force: true })
  hub.token = 'hf_of_somebody_else'
  await page
    .getByRole('navigation', { name: strings.app.navigation })
    .getByRole('button', { name: strings.actions.newConversion })
    .click()
  await page.getByRole('textbox', { name: words.id }).fill(modelId)
  await page.getByRole('button', { name: words.download }).click()
  const download = page.getByRole('group', { name: words.downloadOf(modelId) })
  await expect(download.getByRole('alert')).toContainText(hub.endpoint)
  hub.token = null
  await download.getByRole('button', { name: words.forget }).click()
  await expect(download).toBeHidden()
})
