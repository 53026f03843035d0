import type { ConversionEvent, ConversionPhase } from '../conversion/events.ts'
import { describeWritten } from '../conversion/first-texts.ts'
import { formatShare, progressBar, type ProgressBar } from './output.ts'

const labels: Record<ConversionPhase, string> = {
  check: 'Checking',
  text: 'Text',
  cache: 'Teacher',
  targets: 'Probabilities',
  train: 'Training',
  sampling: 'For sampling',
  evaluate: 'Measuring',
}

/** What phases count. */
const units: Record<ConversionPhase, string | null> = {
  check: 'weights',
  text: 'tokens',
  cache: 'tokens',
  targets: 'tokens',
  train: 'tokens',
  sampling: 'tokens',
  evaluate: null,
}

/** Shows a conversion's events as progress bars on standard error. */
export function conversionView(): {
  readonly onEvent: (event: ConversionEvent) => void
  readonly end: () => void
} {
  let bar: ProgressBar | null = null
  let agreement = ''
  const end = () => {
    bar?.end()
    bar = null
  }
  return {
    end,
    onEvent: (event) => {
      switch (event.type) {
        case 'phase':
          end()
          bar = progressBar(labels[event.phase], units[event.phase])
          if (event.phase === 'check' || event.phase === 'evaluate') bar.log(`${labels[event.phase]} …`)
          break
        case 'progress':
          bar?.update(event.done, event.total)
          break
        case 'step':
          bar?.update(
            event.step * event.tokens,
            event.steps * event.tokens,
            `loss ${event.loss.toFixed(3)}${agreement}`,
          )
          break
        case 'samplingStep':
          bar?.update(
            event.done * event.tokens,
            event.steps * event.tokens,
            `divergence ${event.loss.toFixed(3)}`,
          )
          break
        case 'evaluation':
          agreement = `  trie ${formatShare(event.agreement.trie)}  free ${formatShare(event.agreement.free)}`
          break
        case 'written':
          bar?.log(describeWritten(event))
          break
        case 'device':
          bar?.log(`Device: ${event.reason}`)
          break
        case 'notice':
          bar?.log(event.message)
      }
    },
  }
}
