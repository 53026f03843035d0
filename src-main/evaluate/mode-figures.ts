import type { DecodeMode } from '../spellm/decode-modes.ts'
import type { Evaluation } from './evaluation.ts'
import type { RollOutDivergence } from './roll-outs.ts'

/**
 * A mode's figures under the names that docs/evaluation.md explains. What wasn't measured is null. Lossless mode's agreement is
 * that of its own texts: at a position by itself it picks what the base model picks.
 */
export function modeFigures(mode: DecodeMode, evaluation: Evaluation) {
  const { agreement, spelled } = evaluation.text
  const own = evaluation.rollOuts.divergence.find((one) => one.mode === mode && one.texts > 0)
  const rollOut = own ? rollOutFigures(own) : null
  return {
    mode,
    agreement: mode === 'lossless' ? (own?.sameShare ?? null) : (agreement.agreement[mode]?.value ?? null),
    agreementNoLoops: mode === 'lossless' ? null : (agreement.noLoops.agreement[mode]?.value ?? null),
    spelled: mode === 'trie' ? spelled : null,
    bytesShare: bytesShare(mode, evaluation, rollOut),
    texts: own?.texts ?? null,
    identicalTexts: own?.identical ?? null,
    trunkPasses: rollOut?.trunkPasses ?? null,
    headPasses: rollOut?.headPasses ?? null,
    rows: rollOut?.rows ?? null,
  }
}

/** Passes a token, and states that a pass over the head looks at; null where there is none. */
function rollOutFigures({ steps, trunkPasses, headPasses, headRows }: RollOutDivergence) {
  return {
    trunkPasses: steps === 0 ? null : trunkPasses / steps,
    headPasses: steps === 0 ? null : headPasses / steps,
    rows: headPasses === 0 ? null : headRows / headPasses,
  }
}

/** Bytes that a token reads beyond the trunk, rows that are gathered included, over those of the whole LM head. */
function bytesShare(
  mode: DecodeMode,
  { text, bytes }: Evaluation,
  passes: ReturnType<typeof rollOutFigures> | null,
): number | null {
  const hasSymbols = text.learntPerplexity !== null
  const exact = bytes.first + text.contextRows * bytes.row
  const whole = exact + bytes.spelling
  /** What says whether the base model is asked: with token symbols, the first head. */
  const asking = hasSymbols ? exact : whole
  if (mode === 'free') return whole
  if (mode === 'trie') return whole + (text.candidates ?? 0) * bytes.row
  if (mode === 'gated') return text.gatedBaseShare === null ? null : asking + text.gatedBaseShare
  const { trunkPasses = null, headPasses = null } = passes ?? {}
  return trunkPasses === null || headPasses === null ? null : asking * trunkPasses + headPasses
}
