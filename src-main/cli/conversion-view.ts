import type { ConversionEvent, ConversionPhase } from '../conversion/events.ts'
import { describeWritten } from '../conversion/first-texts.ts'
import { formatShare, progressBars } from './output.ts'

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
  const bars = progressBars()
  let agreement = ''
  return {
    end: () => bars.end(),
    onEvent: (event) => {
      switch (event.type) {
        case 'phase':
          bars.begin(labels[event.phase], units[event.phase])
          if (event.phase === 'check' || event.phase === 'evaluate')
            bars.current?.log(`${labels[event.phase]} …`)
          break
        case 'progress':
          bars.current?.update(event.done, event.total)
          break
        case 'step':
          bars.current?.update(
            event.step * event.tokens,
            event.steps * event.tokens,
            `loss ${event.loss.toFixed(3)}${agreement}`,
          )
          break
        case 'samplingStep':
          bars.current?.update(
            event.done * event.tokens,
            event.steps * event.tokens,
            `divergence ${event.loss.toFixed(3)}`,
          )
          break
        case 'evaluation':
          agreement = `  trie ${formatShare(event.agreement.trie)}  free ${formatShare(event.agreement.free)}`
          break
        case 'written':
          bars.current?.log(describeWritten(event))
          break
        case 'device':
          bars.current?.log(`Device: ${event.reason}`)
          break
        case 'notice':
          bars.current?.log(event.message)
      }
    },
  }
}
