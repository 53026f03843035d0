import { freeChooser, type Chooser } from '../decode/chooser.ts'
import { defaultCandidates, shortlistChooser } from '../decode/shortlist.ts'
import { measureAgreement, type Agreement } from '../evaluate/agreement.ts'
import { ownTurn } from '../runtime/turns.ts'
import { createTailSession, tailBits, type TailSession } from '../spellm/tail-session.ts'
import type { LearntTail } from './checkpoint-tensors.ts'
import type { SpellingStage } from './spelling-stage.ts'

/**
 * Measures a tail that spells on held-out positions, and shows what it makes of a text. Both are kept with the run's metrics.
 *
 * @param limits default: all held-out positions
 * @throws CancelledError when the signal fires
 */
export async function evaluateSpelling(
  stage: SpellingStage,
  { step, weights }: LearntTail,
  limits: { readonly maxPositions?: number; readonly signal?: AbortSignal },
): Promise<Agreement> {
  const { run, plan, samples, options } = stage
  const { onEvent, turn = ownTurn } = options
  const tokenize = (text: string) => plan.tokenizer.encode(text)
  const tail = await openTail(stage, weights)
  try {
    const agreement = await measureAgreement(tail, plan.heldOut.cache, tokenize, { ...limits, turn })
    await run.appendMetrics({ type: 'evaluation', step, agreement })
    onEvent({ type: 'evaluation', step, agreement })
    if (samples) {
      const sample = await samples.write(chooserOf(stage, tail, tokenize), turn)
      await run.appendMetrics({ type: 'sample', step, ...sample })
      onEvent({ type: 'sample', step, ...sample })
    }
    return agreement
  } finally {
    await tail.release()
  }
}

/** A session of the run's tail with these weights. */
export function openTail({ run, plan }: SpellingStage, weights: LearntTail['weights']): Promise<TailSession> {
  const bits = tailBits(run.settings.precision, run.settings.device)
  return createTailSession(plan.shape, weights, plan.speller, bits)
}

/**
 * Gated mode has its threshold only when training is over, and lossless mode writes what the base model writes: both are
 * shown by trie mode, which they draw on.
 */
const chooserOf = (
  { run, rows }: SpellingStage,
  tail: TailSession,
  tokenize: (text: string) => number[],
): Chooser =>
  run.settings.mode === 'free'
    ? freeChooser(tail, tokenize, null)
    : shortlistChooser(tail, rows, defaultCandidates, null)
