import { Group, Text, VisuallyHidden } from '@mantine/core'
import { align, type AlignedPair } from '../../components/tokens/align.ts'
import { visibleText } from '../../components/tokens/visible-text.ts'
import { strings } from '../../strings/index.ts'
import './interlinear.css'

const text = strings.training

/** Two token sequences above each other, aligned; where they differ, both are framed. */
export function Interlinear({
  base,
  spellm,
}: {
  readonly base: readonly string[]
  readonly spellm: readonly string[]
}) {
  const pairs = align(base, spellm)
  const same = pairs.filter(({ isSame }) => isSame).length
  return (
    <div>
      <VisuallyHidden>{text.sampleAsText(base.join(''), spellm.join(''))}</VisuallyHidden>
      <div className="interlinear" aria-hidden>
        <div className="interlinear-pair interlinear-names">
          <span>{text.baseRow}</span>
          <span>{text.spellmRow}</span>
        </div>
        {pairs.map((pair, index) => (
          <Pair key={index} {...pair} />
        ))}
      </div>
      <Group gap="md" mt={6}>
        <Text size="xs" c="dimmed">
          {text.sameTokens(same, pairs.length)}
        </Text>
        {same < pairs.length && (
          <Group gap={6} aria-hidden>
            <span className="interlinear-pair interlinear-key" data-differs>
              <span>a</span>
              <span>b</span>
            </span>
            <Text size="xs" c="dimmed">
              {text.differenceLegend}
            </Text>
          </Group>
        )}
      </Group>
    </div>
  )
}

function Pair({ base, spellm, isSame }: AlignedPair<string>) {
  return (
    <div className="interlinear-pair" {...(isSame ? {} : { 'data-differs': true })}>
      <Token token={base} />
      <Token token={spellm} />
    </div>
  )
}

function Token({ token }: { readonly token: string | null }) {
  return token === null ? <span className="interlinear-missing">–</span> : <bdi>{visibleText(token)}</bdi>
}
