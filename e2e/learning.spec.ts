import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { strings } from '../src-renderer/strings/index.ts'
import { generate, generateButton, textOf, tokensOf } from './screens/console.ts'
import { expectHeading, visit } from './screens/navigation.ts'
import { expectStatus, fact, readChartTable } from './screens/run.ts'
import { convertSample, expectStep, nextButton, type Budget } from './screens/wizard.ts'
import { expect, test } from './studio-test.ts'

const { spelling, training, review, back } = strings.wizard

/** Enough for a tail that says more than noise. */
const budget: Budget = { tokens: 16_384, epochs: 2, batchTokens: 1_024, adapterWidths: '64' }

test('a second tail for sampling is learnt, and its divergence falls', async ({ page, studio }) => {
  const sampling = page.getByRole('checkbox', { name: training.sampling })
  await convertSample(page, 'sampling', budget, {
    spelling: async () => {
      // Beside token symbols there is none to learn.
      await nextButton(page, 'training').click()
      await expectStep(page, 'training')
      await expect(sampling).toBeDisabled()
      await expect(page.getByText(training.samplingSymbols)).toBeVisible()
      await page.getByRole('button', { name: back, exact: true }).click()
      await expectStep(page, 'spelling')
      await page.getByRole('radio', { name: spelling.symbolNames.characters }).check()
    },
    training: () => sampling.check(),
    review: () => expect(page.getByText(review.learnsSampling)).toBeVisible(),
  })
  await expectStatus(page, 'finished')
  const divergence = await readChartTable(page, strings.training.divergence)
  expect(divergence.at(-1)!.y).toBeLessThan(0.75 * divergence[0]!.y)
  const spellm = join(studio.dataFolder, 'runs/sampling/spellm/spellm.json')
  expect(JSON.parse(await readFile(spellm, 'utf8'))).toMatchObject({ samplingTail: true })
  expect((await readFile(join(spellm, '../sampling-tail.safetensors'))).length).toBeGreaterThan(0)

  await visit(page, 'console')
  await page.getByText(strings.console.sampled, { exact: true }).click()
  await generate(page, 'One day, a little bear', 16)
  await expect(tokensOf(page, 'trie').first()).toBeVisible()
})

test('learned groups are tried on the text of a finished run, and compared with it', async ({
  page,
  studio,
}) => {
  await convertSample(page, 'letters', budget)
  await expectStatus(page, 'finished')
  await page.getByRole('button', { name: strings.training.tryGroups(null) }).click()
  await expect(page).not.toHaveURL(/letters$/)
  await expectStatus(page, 'finished')
  const runs = await readdir(join(studio.dataFolder, 'runs'))
  const [groups] = runs.filter((name) => name !== 'letters')
  const spellm = join(studio.dataFolder, 'runs', groups!, 'spellm/spellm.json')
  expect(JSON.parse(await readFile(spellm, 'utf8'))).toMatchObject({ alphabet: { unit: 'group' } })
  // What was written for the first run is the same file on disk.
  const chunk = (run: string) =>
    stat(join(studio.dataFolder, 'runs', run, 'cache/training/chunk-00000.safetensors'))
  expect((await chunk(groups!)).ino).toBe((await chunk('letters')).ino)
  await page.getByRole('link', { name: strings.training.otherKindRun('letters') }).click()
  await expectHeading(page, 'letters')
  await expect(page.getByRole('link', { name: strings.training.otherKindRun(groups!) })).toBeVisible()
})

test('whole words are chosen instead of tokens, learnt, and written without sampling', async ({
  page,
  studio,
}) => {
  await convertSample(page, 'words', budget, {
    spelling: async () => {
      await page.getByRole('radio', { name: spelling.unitNames.word }).check()
      await expect(fact(page, spelling.wordFacts.saved)).toContainText('%')
      await expect(page.getByRole('radio', { name: spelling.symbolNames.symbols })).toBeDisabled()
    },
    training: async () => {
      const sampling = page.getByRole('checkbox', { name: training.sampling })
      await expect(sampling).toBeDisabled()
      await expect(page.getByText(training.samplingWords)).toBeVisible()
    },
  })
  await expectStatus(page, 'finished')
  const config = await readFile(join(studio.dataFolder, 'runs/words/spellm/spellm.json'), 'utf8')
  expect((JSON.parse(config) as { words: unknown[] }).words.length).toBeGreaterThan(100)

  await visit(page, 'console')
  await page.getByText(strings.console.modes.lossless, { exact: true }).click()
  await generate(page, 'One day, a little bear', 16)
  expect(await textOf(page, 'lossless')).toBe(await textOf(page, 'base'))
  await expect(generateButton(page)).toBeEnabled()
})
