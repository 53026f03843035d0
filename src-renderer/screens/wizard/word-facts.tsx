import type { WordCoverage } from '../../../src-main/contract/index.ts'
import { FactRow } from '../../components/facts.tsx'
import { formatPercent } from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'

const names = strings.wizard.spelling.wordFacts

/** What the choice does with the text's words. */
export function WordFacts({ words }: { readonly words: WordCoverage }) {
  return (
    <FactRow
      facts={[
        { name: names.tokensPerWord, value: names.mean(words.tokensPerWord) },
        { name: names.saved, value: formatPercent(1 - 1 / words.tokensPerStep) },
        { name: names.covered, value: formatPercent(words.covered, 2) },
        { name: names.truncated, value: formatPercent(words.truncated, 2) },
        { name: names.uncovered, value: formatPercent(words.uncovered, 2) },
      ]}
    />
  )
}
