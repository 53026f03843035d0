import { readFile } from 'node:fs/promises'
import { strings } from '../src-renderer/strings/index.ts'
import { preparedRuns } from './host/prepared-data.ts'
import { visit } from './screens/navigation.ts'
import { readChartTable } from './screens/run.ts'
import { expect, test } from './studio-test.ts'

const words = strings.compare
const [narrow, wide] = preparedRuns

test.use({ startsWith: 'finishedRuns' })

test('runs are sorted, laid over each other, and exported', async ({ page }) => {
  await visit(page, 'compare')
  const table = page.getByRole('table', { name: words.runs })
  const names = table.getByRole('rowheader')
  const sortBy = (column: string) => table.getByRole('button', { name: words.sortBy(column) })
  await expect(names).toHaveText([wide, narrow])
  await sortBy(words.columns.k).click()
  await expect(names).toHaveText([wide, narrow])
  await sortBy(words.columns.k).click()
  await expect(names).toHaveText([narrow, wide])
  await expect(table.getByRole('columnheader', { name: words.columns.k })).toHaveAttribute(
    'aria-sort',
    'ascending',
  )

  await expect(page.getByText(words.noSelection)).toBeVisible()
  for (const name of preparedRuns) await table.getByRole('checkbox', { name: words.select(name) }).check()
  const loss = page.getByRole('group', { name: strings.training.loss, exact: true })
  for (const name of preparedRuns) await expect(loss.getByText(name)).toBeVisible()
  const curve = await readChartTable(page, strings.training.loss)
  expect(curve.at(-1)!.y).toBeLessThan(curve[0]!.y)

  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: words.exportCsv }).click()
  const download = await downloading
  expect(download.suggestedFilename()).toBe(`${words.fileName}.csv`)
  const [head, ...lines] = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n')
  const columns = head!.split(',')
  const column = (name: string) => lines.map((line) => line.split(',')[columns.indexOf(name)])
  expect(column('name')).toEqual([narrow, wide])
  expect(column('status')).toEqual(['finished', 'finished'])
  expect(column('k')).toEqual(['8', '12'])
  for (const share of column('trie').map(Number)) expect(share).toBeGreaterThan(0)
})
