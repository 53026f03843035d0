import type { Locator, Page } from '@playwright/test'
import { strings } from '../../src-renderer/strings/index.ts'
import { expect } from '../studio-test.ts'

const words = strings.console

export type Writer = keyof typeof words.modes

const nameOf = (writer: Writer) => (writer === 'base' ? words.base : words.spellm(words.modes[writer]))

/** What one model has written. */
export const output = (page: Page, writer: Writer): Locator =>
  page.getByRole('region', { name: nameOf(writer), exact: true })

export const tokensOf = (page: Page, writer: Writer): Locator =>
  page.getByRole('group', { name: words.outputOf(nameOf(writer)) }).getByRole('button')

export const textOf = (page: Page, writer: Writer): Promise<string> =>
  page.getByRole('group', { name: words.outputOf(nameOf(writer)) }).innerText()

export const detail = (page: Page, position: number, writer: Writer): Locator =>
  page.getByRole('complementary', { name: words.detailTitle(position, nameOf(writer)) })

export const promptField = (page: Page): Locator =>
  page.getByRole('textbox', { name: words.prompt, exact: true })

export const generateButton = (page: Page): Locator => page.getByRole('button', { name: words.generate })

/** Continues a prompt with up to `tokens` tokens, and waits until both models have ended. */
export async function generate(page: Page, prompt: string, tokens: number): Promise<void> {
  await promptField(page).fill(prompt)
  await page.getByRole('textbox', { name: words.maxTokens }).fill(String(tokens))
  await generateButton(page).click()
  await expectEnded(page)
}

/** Waits until nothing is being generated any more. */
export async function expectEnded(page: Page): Promise<void> {
  await expect(page.getByRole('button', { name: words.stop, exact: true })).toBeDisabled()
}
