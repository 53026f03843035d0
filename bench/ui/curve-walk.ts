import type { Page } from '@playwright/test'
import { strings } from '../../src-renderer/strings/index.ts'

/**
 * Walks along the loss chart by its own keys, from the last step back to `from`, and counts the steps that it does
 * not have. The run must have stopped, and its screen must be open.
 */
export async function countMissingSteps(page: Page, from: number): Promise<number> {
  const chart = page.getByRole('slider', { name: strings.chart.position(strings.training.loss), exact: true })
  return chart.evaluate(async (element, first) => {
    const press = async (key: string) => {
      element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
      // React draws in a microtask.
      await Promise.resolve()
    }
    const position = () => Number(element.getAttribute('aria-valuenow'))
    const last = Number(element.getAttribute('aria-valuemax'))
    await press('End')
    // The cursor goes by a hundredth of what is shown: zoomed in this far, step by step.
    for (let shown = last; shown > 50; shown /= 2) await press('+')
    let missing = last - position()
    for (let here = position(); here > first;) {
      await press('ArrowLeft')
      const next = position()
      if (next >= here) return missing + here - first
      missing += here - next - 1
      here = next
    }
    return missing
  }, from)
}
