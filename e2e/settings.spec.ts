import { strings } from '../src-renderer/strings/index.ts'
import { expectHeading, visit } from './screens/navigation.ts'
import { expect, test } from './studio-test.ts'

const words = strings.settings

test('a theme is kept over a reload', async ({ page }) => {
  await visit(page, 'settings')
  const dark = page.getByRole('radio', { name: words.themes.dark })
  await dark.check()
  const root = page.locator('html')
  await expect(root).toHaveAttribute('data-mantine-color-scheme', 'dark')
  await page.reload()
  await expect(root).toHaveAttribute('data-mantine-color-scheme', 'dark')
  await expect(dark).toBeChecked()
})

test.describe('storage', () => {
  test.use({ startsWith: 'finishedRuns' })

  test('shows what runs take, and frees what is not needed any more', async ({ page }) => {
    await visit(page, 'settings')
    const row = (name: string) =>
      page.getByRole('row').filter({ has: page.getByRole('rowheader', { name: new RegExp(`^${name}`) }) })
    await expect(row(words.places.runs).getByRole('cell').first()).toHaveText(/MB$/)
    for (const place of [words.places.teacherCaches, words.places.checkpoints]) {
      const [size, removable, action] = [0, 1, 2].map((column) => row(place).getByRole('cell').nth(column))
      const bytes = await removable!.innerText()
      await expect(size!).toHaveText(bytes)
      await action!.getByRole('button', { name: words.cleanPlace(place) }).click()
      const dialog = page.getByRole('dialog', { name: words.cleanTitle(place) })
      await dialog.getByRole('button').last().click()
      await expect(page.getByRole('status').filter({ hasText: bytes })).toBeVisible()
      await expect(dialog).toBeHidden()
      await expect(size!).toHaveText(/^0 /)
      await expect(action!.getByRole('button')).toBeDisabled()
    }
    await visit(page, 'home')
    await expectHeading(page, strings.home.title)
    await expect(page.getByText(strings.runs.status.finished)).toHaveCount(2)
  })
})
