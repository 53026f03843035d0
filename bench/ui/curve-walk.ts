import type { Page } from '@playwright/test'
import { strings } from '../../src-renderer/strings/index.ts'

/** The cursor goes by a hundredth of what is shown: so far zoomed in, it goes from step to step. */
const stepsShown = 50

/**
 * Walks along the loss chart by its own keys, from the last step back to `from`, and counts the steps that it does
 * not have. The run must have stopped, and its screen must be open.
 */
export async function countMissingSteps(page: Page, from: number): Promise<number> {
  const chart = page.getByRole('slider', { name: strings.chart.position(strings.training.loss), exact: true })
  const last = Number(await chart.getAttribute('aria-valuemax'))
  await chart.press('End')
  for (let shown = last; shown > stepsShown; shown /= 2) await chart.press('+')
  return chart.evaluate(
    async (element, { first, end }) => {
      let missing = 0
      for (let here = end; here > first;) {
        element.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }))
        // React draws in a microtask.
        await Promise.resolve()
        const next = Number(element.getAttribute('aria-valuenow'))
        if (next >= here) return missing + here - first
        missing += here - next - 1
        here = next
      }
      return missing
    },
    { first: from, end: last },
  )
}
