import { Text } from '@mantine/core'
import type { RunResult } from '../../../src-main/contract/index.ts'
import { FactRow } from '../../components/facts.tsx'
import { Panel } from '../../components/panel.tsx'
import {
  formatCompact,
  formatCount,
  formatDuration,
  formatPercent,
  formatSignificant,
} from '../../strings/format.ts'
import { strings } from '../../strings/index.ts'
import { OtherKind } from './other-kind.tsx'

const text = strings.training

/** What a finished run came to. */
export function ResultPanel({ id, result }: { readonly id: string; readonly result: RunResult }) {
  const { agreement, parameters, tokenSymbols, tailShare, verdict, source } = result
  return (
    <Panel title={text.result}>
      {verdict && (
        <Text size="sm" mb="sm">
          {text.verdict(verdict)}
        </Text>
      )}
      <OtherKind id={id} verdict={verdict} />
      <FactRow
        facts={[
          {
            name: text.resultTrie,
            value: formatPercent(agreement.trie, 2),
            note: text.resultPositions(agreement.positions),
          },
          {
            name: text.resultFree,
            value: formatPercent(agreement.free, 2),
            note: text.resultPositions(agreement.positions),
          },
          { name: text.resultLoss, value: formatSignificant(result.loss) },
          { name: text.resultTokens, value: formatCount(result.tokens) },
          { name: text.resultSteps, value: formatCount(result.steps) },
          { name: text.resultSeconds, value: formatDuration(result.seconds) },
          {
            name: text.resultTail,
            value: formatCompact(parameters.tail),
            note: text.resultTailAgainstHead(parameters.tail, parameters.baseHead),
          },
          ...(source === null ? [] : [{ name: text.resultSource, value: text.resultSourceValue(source) }]),
          ...(tailShare === null
            ? []
            : [
                {
                  name: text.resultSymbols,
                  value: formatCount(tokenSymbols),
                  note: text.resultTailShare(tailShare),
                },
              ]),
        ]}
      />
    </Panel>
  )
}
