import type { Page } from '@playwright/test'
import { strings } from '../../src-renderer/strings/index.ts'

/** The cursor goes by a hundredth of what is shown: so far zoomed in, it goes from position to position. */
const positionsShown = 50

/**
 * The positions that a chart has from its last one back to `first`, as its cursor finds them when it is moved by
 * keyboard. Ascending; each as often as the cursor was there.
 */
export async function walkThroughChart(page: Page, title: string, first: number): Promise<number[]> {
  const chart = page.getByRole('slider', { name: strings.chart.position(title), exact: true })
  const last = Number(await chart.getAttribute('aria-valuemax'))
  await chart.press('End')
  for (let shown = last; shown > positionsShown; shown /= 2) await chart.press('+')
  const positions = await chart.evaluate(
    async (element, { end, start }) => {
      const visited = [end]
      while (visited.at(-1)! > start && visited.length <= end - start + 1) {
        element.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }))
        // React draws in a microtask.
        await Promise.resolve()
        visited.push(Number(element.getAttribute('aria-valuenow')))
      }
      return visited.reverse()
    },
    { end: last, start: first },
  )
  await chart.press('Escape')
  return positions
}

/** All whole numbers from `first` to `last`. */
export const wholeNumbers = (first: number, last: number): number[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)
