import { Stack, Text, Title, VisuallyHidden } from '@mantine/core'
import { useMemo } from 'react'
import type { ConsoleMode, ModeNumbers } from '../../../src-main/contract/index.ts'
import { strings } from '../../strings/index.ts'
import { compareOutputs, type Comparison } from './comparison.ts'
import './console.css'
import type { Side } from './chat.ts'
import { selectToken, useConsole } from './console-store.ts'
import { medianMilliseconds, type GenerationOutput } from './generation-output.ts'
import { OutputPanel } from './output-panel.tsx'
import { TokenDetailPanel } from './token-detail-panel.tsx'

const text = strings.console

/** What the models make of the prompt, side by side, and the token that somebody looks into. */
export function Outputs() {
  const session = useConsole((state) => state.session)
  const selected = useConsole((state) => state.selected)
  const { base, spellm } = session?.outputs ?? {}
  const comparison = useMemo(
    () =>
      base && spellm && isComparable(base) && isComparable(spellm) ? compareOutputs(base, spellm) : null,
    [base, spellm],
  )
  if (!session) {
    return (
      <Text size="sm" c="dimmed">
        {text.idle}
      </Text>
    )
  }
  const inspected = selected && session.outputs[selected.side]
  return (
    <div className="console-results">
      <Stack gap="xs" className="console-outputs">
        <VisuallyHidden>
          <Title order={2}>{text.outputs}</Title>
        </VisuallyHidden>
        <div className="console-panels">
          {(['base', 'spellm'] satisfies Side[]).map((side) => {
            const output = session.outputs[side]
            return (
              output && (
                <OutputPanel
                  key={side}
                  side={side}
                  output={output}
                  prompt={session.prompt}
                  chat={session.chat}
                  note={side === 'spellm' ? modeNote(output.mode, session.numbers) : null}
                  differs={comparison?.[side] ?? null}
                  selectedIndex={selected?.side === side ? selected.index : null}
                  speedup={
                    side === 'spellm'
                      ? ratio(base ? medianMilliseconds(base) : null, medianMilliseconds(output))
                      : null
                  }
                />
              )
            )
          })}
        </div>
        <Text size="xs" c="dimmed" role="status" mih="1.5em">
          {comparison?.isFinal && describeComparison(comparison)}
        </Text>
      </Stack>
      {selected && inspected && (
        <TokenDetailPanel
          source={session.source}
          place={selected}
          output={inspected}
          onClose={() => selectToken(null)}
        />
      )}
    </div>
  )
}

/** The number that a mode has. */
function modeNote(mode: ConsoleMode, { candidates, gateShare }: ModeNumbers): string | null {
  if (mode === 'trie' && candidates !== undefined) return text.candidatesNote(candidates)
  if (mode === 'gated' && gateShare !== undefined) return text.gateNote(gateShare)
  return null
}

/** There is something to compare, and its tokens are known. */
const isComparable = ({ status, tokens }: GenerationOutput) =>
  tokens.length > 0 && status !== 'failed' && status !== 'saved'

function ratio(base: number | null, spellm: number | null): number | null {
  return base !== null && spellm !== null && spellm > 0 ? base / spellm : null
}

function describeComparison({ base, spellm, sameTokens, different }: Comparison): string {
  return sameTokens === spellm.length && sameTokens === base.length
    ? text.same(sameTokens)
    : text.differ(sameTokens, different)
}
