import { differences } from '../../components/tokens/align.ts'
import { isOpen, type GenerationOutput } from './generation-output.ts'

/** Where two outputs part. */
export interface Comparison {
  /** For each of the output's tokens, whether the other lacks it. */
  readonly base: readonly boolean[]
  readonly spellm: readonly boolean[]
  /** Tokens before the first difference. */
  readonly sameTokens: number
  /** Tokens of the SpeLLM that the base lacks. */
  readonly different: number
  /** Nothing more is to come. */
  readonly isFinal: boolean
}

/**
 * Compares two outputs. While one is still being written, only as far as both have come, and nothing after the
 * last token that they share counts as different: its partner may be about to come.
 */
export function compareOutputs(base: GenerationOutput, spellm: GenerationOutput): Comparison {
  const isFinal = !isOpen(base) && !isOpen(spellm)
  const common = isFinal ? Infinity : Math.min(base.tokens.length, spellm.tokens.length)
  const ids = ({ tokens }: GenerationOutput) => tokens.slice(0, common).map(({ id }) => id)
  const found = differences(ids(base), ids(spellm))
  const marked = isFinal ? found : { base: withoutOpenEnd(found.base), spellm: withoutOpenEnd(found.spellm) }
  const firstDifferences = [marked.base, marked.spellm].map((flags) => {
    const first = flags.indexOf(true)
    return first === -1 ? flags.length : first
  })
  return {
    ...marked,
    sameTokens: Math.min(...firstDifferences),
    different: marked.spellm.filter(Boolean).length,
    isFinal,
  }
}

function withoutOpenEnd(differs: readonly boolean[]): boolean[] {
  const lastShared = differs.lastIndexOf(false)
  return differs.map((isDifferent, index) => isDifferent && index < lastShared)
}
