import type { Page } from '@playwright/test'
import { strings } from '../../src-renderer/strings/index.ts'
import { expect } from '../studio-test.ts'

/** Goes to one of the screens of the navigation, as a person does. */
export async function visit(
  page: Page,
  screen: 'home' | 'console' | 'compare' | 'benchmark' | 'settings',
): Promise<void> {
  await page
    .getByRole('navigation', { name: strings.app.navigation })
    .getByRole('link', { name: strings.actions[screen] })
    .click()
  await expectHeading(page, strings[screen].title)
}

/** Opens an address of the studio, as a bookmark does. */
export async function openAddress(page: Page, path: string): Promise<void> {
  await page.goto(new URL(`#${path}`, page.url()).href)
}

export async function expectHeading(page: Page, title: string): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: title, exact: true })).toBeVisible()
}

/** Waits until the page says that the engine has died and lives again, and puts that away. */
export async function dismissCrash(page: Page): Promise<void> {
  const notice = page.getByRole('alert').filter({ hasText: strings.app.crashed })
  await notice.getByRole('button', { name: strings.app.dismiss }).click()
  await expect(notice).toBeHidden()
}
