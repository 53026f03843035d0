import type { Page } from '@playwright/test'
import { strings } from '../../src-renderer/strings/index.ts'
import { expect } from '../studio-test.ts'
import { expectHeading } from './navigation.ts'

const words = strings.wizard
const { fields } = words.training

export type WizardStep = keyof typeof words.steps

/** What is typed into the step about training. */
export interface Budget {
  readonly tokens: number
  readonly epochs: number
  readonly batchTokens: number
  readonly adapterWidths: string
}

/**
 * One chunk of the teacher cache, and more steps than are taken before a test has done what it wants to do, however
 * fast the machine: then it finishes the run.
 */
export const longBudget: Budget = { tokens: 16_384, epochs: 100, batchTokens: 2_048, adapterWidths: '256' }
export const longBudgetSteps = 800

export const nextButton = (page: Page, step: WizardStep) =>
  page.getByRole('button', { name: words.next(words.steps[step]) })

export const startButton = (page: Page) => page.getByRole('button', { name: words.review.start })

/** The heading of a step, which takes the focus. */
export async function expectStep(page: Page, step: WizardStep): Promise<void> {
  await expect(page.getByRole('heading', { level: 2, name: words[step].heading })).toBeVisible()
}

export const sampleChoice = (page: Page) =>
  page.getByRole('radiogroup', { name: words.base.models }).getByRole('radio', { name: words.base.sample })

/** Types the run's name in the last step. */
export async function nameRun(page: Page, name: string): Promise<void> {
  const box = page.getByRole('textbox', { name: words.review.name })
  // The suggested name arrives later, and what is typed at that very moment would be appended to it.
  await expect(box).not.toHaveValue('')
  await box.fill(name)
}

/** Types a budget into the step about training. */
export async function typeBudget(page: Page, budget: Budget): Promise<void> {
  // What arrives later moves the fields below it, and a click would miss.
  await expect(page.getByRole('region', { name: words.training.preview })).toBeVisible()
  await page.getByRole('textbox', { name: words.training.budget }).fill(String(budget.tokens))
  const advanced = page.getByRole('button', { name: words.training.advanced })
  await expect(async () => {
    if ((await advanced.getAttribute('aria-expanded')) === 'false') await advanced.click()
    await expect(advanced).toHaveAttribute('aria-expanded', 'true')
  }).toPass()
  await page.getByRole('textbox', { name: fields.epochs }).fill(String(budget.epochs))
  await page.getByRole('textbox', { name: fields.batchTokens }).fill(String(budget.batchTokens))
  await page.getByRole('textbox', { name: fields.adapterWidths }).fill(budget.adapterWidths)
}

/** What is chosen on the way, while a step is open. */
type Choices = Partial<Record<'spelling' | 'training' | 'review', () => Promise<void>>>

/** Walks through the wizard with the sample model, starts a run, and ends on its screen. */
export async function convertSample(
  page: Page,
  name: string,
  budget: Budget,
  choose: Choices = {},
): Promise<void> {
  await page
    .getByRole('navigation', { name: strings.app.navigation })
    .getByRole('button', { name: strings.actions.newConversion })
    .click()
  await expectStep(page, 'base')
  await sampleChoice(page).click()
  await nextButton(page, 'spelling').click()
  await expectStep(page, 'spelling')
  await choose.spelling?.()
  await nextButton(page, 'training').click()
  await expectStep(page, 'training')
  await typeBudget(page, budget)
  await choose.training?.()
  await nextButton(page, 'review').click()
  await expectStep(page, 'review')
  await choose.review?.()
  await nameRun(page, name)
  await startButton(page).click()
  await expectHeading(page, name)
}
