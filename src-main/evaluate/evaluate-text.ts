import { setImmediate } from 'node:timers/promises'
import { defaultGateShare } from '../decode/calibrate-gate.ts'
import { fitToDevice } from '../decode/golden-check.ts'
import { gateOf } from '../decode/replay.ts'
import { defaultCandidates } from '../decode/shortlist.ts'
import { collectTokens } from '../distill/corpus.ts'
import { teacherCacheShape } from '../distill/teacher-cache.ts'
import { CancelledError, SpellmError } from '../errors.ts'
import { openBaseModel } from '../models/base-model.ts'
import { openHeadRows } from '../models/head-rows.ts'
import { inPrecision } from '../models/precision.ts'
import type { Device } from '../runtime/devices/device.ts'
import { thresholdOf } from '../spellm/gates.ts'
import { hasTokenSymbols, type Spellm } from '../spellm/spellm.ts'
import { teacherForcedModes, type TeacherForcedMode } from './mode-agreement.ts'
import { createPerplexityMeter } from './perplexity.ts'
import { readWindows, type ReadWindow } from './read-windows.ts'
import { createSpellingPositions } from './spelling-positions.ts'
import { createSymbolPositions } from './symbol-positions.ts'
import type { TextEvaluation } from './text-evaluation.ts'
import { createTextJudge } from './text-judge.ts'

/** The least text that says anything. */
const leastTokens = 512

export interface TextOptions {
  /** Tokens of the text to look at, rounded up to whole windows. */
  readonly positions: number
  /** Default: all that the SpeLLM has. */
  readonly modes?: readonly TeacherForcedMode[]
  /** The n of trie(n). */
  readonly candidates?: number
  /** The share of steps that gated mode gives to the base model. */
  readonly gateShare?: number
  /** Where base model and tail compute. */
  readonly device?: Device
  /** Told of each window, after it was looked at. */
  readonly onWindow?: (window: ReadWindow) => void
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/**
 * How a SpeLLM and its base model do on any text, each position on its own: agreement of decode modes, perplexities
 * and calibration. The text is read in windows that know nothing of one another, as far as it goes.
 *
 * @throws SpellmError 'text-invalid' if the text has fewer than 512 tokens; 'setting-invalid' where gated mode is
 *   asked for and the SpeLLM has no thresholds; CancelledError when the signal fires
 */
export async function evaluateText(
  spellm: Spellm,
  documents: AsyncIterable<string> | Iterable<string>,
  {
    positions,
    modes = teacherForcedModes.filter((mode) => mode !== 'gated' || hasThresholds(spellm)),
    candidates = defaultCandidates,
    gateShare = defaultGateShare,
    device = 'cpu',
    onWindow,
    onProgress,
    signal,
  }: TextOptions,
): Promise<TextEvaluation> {
  const { base, tokenizer, precision } = spellm
  const { tokens: windowTokens } = teacherCacheShape(base.architecture)
  const limit = Math.ceil(Math.max(positions, leastTokens) / windowTokens) * windowTokens
  const ids = await collectTokens(documents, tokenizer, base.architecture, {
    limit,
    minimum: leastTokens,
    windowTokens,
  })
  // Learned groups spell nothing that could be a candidate.
  const looked = spellm.speller.alphabet.unit === 'group' ? 0 : candidates
  const measured = { modes, candidates: looked, threshold: gateThreshold(spellm, modes, gateShare) }
  const validTokens = tokenizer.vocabularySize
  const isStored = precision === 'stored'
  const total = isStored ? ids.length : 2 * ids.length
  const next = async (done: number) => {
    onProgress?.(done, total)
    await setImmediate()
    if (signal?.aborted) throw new CancelledError()
  }
  const rows = openHeadRows(base)
  const reader = hasTokenSymbols(spellm)
    ? await createSymbolPositions(spellm, rows, measured, ids.length, device)
    : await createSpellingPositions(spellm, rows, measured, device)
  const judge = createTextJudge(spellm, reader, rows, ids, measured)
  try {
    for await (const window of readWindows(base, ids, validTokens, device)) {
      await judge.window(window)
      onWindow?.(window)
      await next(window.to)
    }
    if (isStored) return { ...judge.result(), storedPerplexity: null }
    const stored = createPerplexityMeter()
    const asStored = await fitToDevice(await inPrecision(await openBaseModel(base.folder), 'stored'), device)
    for await (const { from, to, reading } of readWindows(asStored, ids, validTokens, device)) {
      for (let row = 0; row + 1 < to - from; row++) stored.add(from, reading.nextLogProbabilities[row]!)
      await next(ids.length + to)
    }
    return { ...judge.result(), storedPerplexity: stored.result() }
  } finally {
    rows.close()
    await reader.release()
  }
}

/** Whether gated mode knows when to ask the base model. */
export function hasThresholds({ gates, doubts }: Pick<Spellm, 'gates' | 'doubts'>): boolean {
  return gates.length > 0 || (doubts !== null && doubts.doubts.length > 0)
}

/** Gated mode's threshold, of doubt or of the lead; null where that mode is not asked for. */
function gateThreshold(
  { gates, doubts }: Spellm,
  modes: readonly TeacherForcedMode[],
  share: number,
): number | null {
  if (!modes.includes('gated')) return null
  const threshold =
    doubts && doubts.doubts.length > 0 ? gateOf(doubts, share).threshold : thresholdOf(gates, share)
  if (threshold !== null) return threshold
  throw new SpellmError(
    'setting-invalid',
    "This SpeLLM was converted before gated mode's thresholds were measured.",
    'Convert the model again, or leave out gated mode.',
  )
}
