import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { strings } from '../src-renderer/strings/index.ts'
import { dismissCrash, expectHeading, openAddress } from './screens/navigation.ts'
import { nextButton } from './screens/wizard.ts'
import { expect, test } from './studio-test.ts'

const words = strings.wizard

test.describe('a folder that is no model', () => {
  test('is refused with the reason and a remedy, and the wizard stays where it is', async ({
    page,
    studio,
  }) => {
    const folder = join(studio.dataFolder, 'no model')
    await mkdir(folder)
    await writeFile(join(folder, 'config.json'), '{"architectures": ["GPT2LMHeadModel"]}')
    await openAddress(page, '/new')
    await page.getByRole('textbox', { name: words.base.folder }).fill(folder)
    await page.getByRole('button', { name: words.base.check, exact: true }).click()
    const alert = page.getByRole('alert')
    await expect(alert).toContainText(join(folder, 'config.json'))
    await expect(alert.getByRole('button', { name: strings.app.tryAgain })).toBeVisible()
    await expect(nextButton(page, 'spelling')).toBeDisabled()
    await expect(page.getByText(words.chooseModelFirst)).toBeVisible()
  })

  test('does not join the library', async ({ page, studio }) => {
    await page.getByRole('button', { name: strings.home.addFolder }).click()
    const dialog = page.getByRole('dialog', { name: strings.home.pickTitle })
    await dialog.getByRole('textbox', { name: strings.folderDialog.folder }).fill(studio.dataFolder)
    await dialog.getByRole('button', { name: strings.folderDialog.goThere }).click()
    await expect(dialog.getByRole('list')).toHaveAccessibleName(
      strings.folderDialog.contents(studio.dataFolder),
    )
    await dialog.getByRole('button', { name: strings.folderDialog.chooseFolder }).click()
    await expect(page.getByRole('alert')).toContainText(studio.dataFolder)
    await expect(page.getByRole('table').getByRole('row')).toHaveCount(2)
  })
})

test('an address that leads nowhere says so', async ({ page }) => {
  await openAddress(page, '/nowhere')
  await expect(page.getByText(strings.app.notFound)).toBeVisible()
})

test('the address of a run that was deleted says so and leads home', async ({ page }) => {
  await openAddress(page, '/runs/gone')
  await expectHeading(page, strings.training.notFound('gone'))
  await page.getByRole('button', { name: strings.training.goHome }).click()
  await expectHeading(page, strings.home.title)
})

test('an engine that dies three times within a minute is given up, and the page says why', async ({
  page,
  studio,
}) => {
  await expectHeading(page, strings.home.title)
  for (let crash = 1; crash <= 2; crash++) {
    process.kill(await studio.enginePid(), 'SIGKILL')
    await dismissCrash(page)
  }
  process.kill(await studio.enginePid(), 'SIGKILL')
  const failure = page.getByRole('alert').filter({ hasText: strings.app.connectionFailed })
  await expect(failure).toContainText('crashed 3 times')
  await expect(failure).toContainText(strings.app.connectionFailedRemedy)
})
