import { setImmediate } from 'node:timers/promises'
import { defaultGateShare } from '../decode/calibrate-gate.ts'
import { fitToDevice } from '../decode/device-parity.ts'
import { gateOf } from '../decode/replay.ts'
import { defaultCandidates } from '../decode/shortlist.ts'
import { collectTokens } from '../distill/corpus.ts'
import { teacherCacheShape } from '../distill/teacher-cache.ts'
import { CancelledError, SpellmError } from '../base/errors.ts'
import { openBaseModel } from '../models/base-model.ts'
import { openHeadRows } from '../models/head-rows.ts'
import { inPrecision } from '../models/precision.ts'
import type { Device } from '../runtime/devices/device.ts'
import { thresholdOf } from '../spellm/gates.ts'
import { hasTokenSymbols, type Spellm } from '../spellm/spellm.ts'
import { teacherForcedModes, type TeacherForcedMode } from './mode-agreement.ts'
import { createPerplexityMeter } from './perplexity.ts'
import { questionsOf, writeOwnWindows } from './own-windows.ts'
import { readWindows, windowsOf, type ReadWindow, type TextWindow } from './read-windows.ts'
import { createSpellingPositions } from './spelling-positions.ts'
import { createSymbolPositions } from './symbol-positions.ts'
import type { TextEvaluation } from './text-evaluation.ts'
import { createTextEvaluator } from './text-evaluator.ts'

/** The least text that says anything. */
const leastTokens = 512

export interface WindowsOptions {
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
  /** Told of the windows that are read, and to be read. */
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/**
 * How a SpeLLM and its base model do on any text, see `evaluateWindows`. It is read in windows of 256 tokens, or of the
 * model's context, as far as it goes.
 *
 * @param options.positions tokens of the text to look at, rounded up to whole windows
 * @throws SpellmError 'text-invalid' if the text has fewer than 512 tokens, and as `evaluateWindows`
 */
export async function evaluateText(
  spellm: Spellm,
  documents: AsyncIterable<string> | Iterable<string>,
  { positions, ...options }: WindowsOptions & { readonly positions: number },
): Promise<TextEvaluation> {
  const { architecture } = spellm.base
  const { tokens: windowTokens } = teacherCacheShape(architecture)
  const limit = Math.ceil(Math.max(positions, leastTokens) / windowTokens) * windowTokens
  const ids = await collectTokens(documents, spellm.tokenizer, architecture, {
    limit,
    minimum: leastTokens,
    windowTokens,
  })
  return evaluateWindows(spellm, windowsOf(ids, windowTokens), options)
}

/**
 * How a SpeLLM and its base model do on answers that the base model writes itself (`writeOwnWindows`), which nothing was learnt
 * from if the seed is another: agreement on greedy ones, likelihoods and calibration on drawn ones, since greedy texts are too
 * likely to say anything.
 *
 * @param options.positions of answers to look at, at least; a third of it is drawn
 * @returns what was found, and the questions that were answered
 * @throws SpellmError as `writeOwnWindows` and `evaluateWindows`; CancelledError when the signal fires
 */
export async function evaluateOwnAnswers(
  spellm: Spellm,
  {
    positions,
    seed,
    onWritten,
    ...options
  }: WindowsOptions & {
    readonly positions: number
    readonly seed: number
    /** Told of the positions that are written, and to be written. */
    readonly onWritten?: (done: number, total: number) => void
  },
): Promise<{ readonly evaluation: TextEvaluation; readonly questions: readonly (readonly number[])[] }> {
  const { base, tokenizer } = spellm
  const drawn = Math.ceil(positions / 3)
  const write = (answers: 'greedy' | 'sampled', least: number, before: number) =>
    writeOwnWindows(base, tokenizer, {
      seed,
      answers,
      positions: least,
      ...(options.device ? { device: options.device } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
      onProgress: (done) => onWritten?.(before + done, positions + drawn),
    })
  const greedy = await write('greedy', positions, 0)
  const sampled = await write('sampled', drawn, positions)
  const total = greedy.length + sampled.length
  const measure = (windows: readonly TextWindow[], before: number, own: WindowsOptions) =>
    evaluateWindows(spellm, windows, {
      ...own,
      onProgress: (done, ofWindows) =>
        options.onProgress?.(before + (done * windows.length) / ofWindows, total),
    })
  const ofGreedy = await measure(greedy, 0, options)
  const { agreement, candidates, spelled, gatedBaseShare, contextRows, words } = ofGreedy
  const { differences, differencesByKind } = ofGreedy
  const { onWindow: _, ...quiet } = options
  const ofDrawn = await measure(sampled, greedy.length, quiet)
  return {
    evaluation: {
      ...ofDrawn,
      ...{ agreement, candidates, spelled, gatedBaseShare, contextRows, words },
      ...{ differences, differencesByKind },
    },
    questions: questionsOf(greedy),
  }
}

/**
 * How a SpeLLM and its base model do on windows of text that know nothing of one another, each position on its own: agreement of
 * decode modes, perplexities and calibration.
 *
 * @throws SpellmError 'setting-invalid' where gated mode is asked for and the SpeLLM has no thresholds; CancelledError when the
 *   signal fires
 */
async function evaluateWindows(
  spellm: Spellm,
  windows: readonly TextWindow[],
  {
    modes = teacherForcedModes.filter((mode) => mode !== 'gated' || hasThresholds(spellm)),
    candidates = defaultCandidates,
    gateShare = defaultGateShare,
    device = 'cpu',
    onWindow,
    onProgress,
    signal,
  }: WindowsOptions,
): Promise<TextEvaluation> {
  const { base, tokenizer, precision } = spellm
  // Learned groups spell nothing that could be a candidate.
  const looked = spellm.speller.alphabet.unit === 'group' ? 0 : candidates
  const measured = { modes, candidates: looked, threshold: gateThreshold(spellm, modes, gateShare) }
  const validTokens = tokenizer.vocabularySize
  const isStored = precision === 'stored'
  const total = isStored ? windows.length : 2 * windows.length
  let done = 0
  const next = async () => {
    onProgress?.(++done, total)
    await setImmediate()
    if (signal?.aborted) throw new CancelledError()
  }
  const rows = openHeadRows(base)
  const count = windows.reduce((sum, { ids }) => sum + ids.length, 0)
  const reader = hasTokenSymbols(spellm)
    ? await createSymbolPositions(spellm, rows, measured, count, device)
    : await createSpellingPositions(spellm, rows, measured, device)
  const evaluator = createTextEvaluator(spellm, reader, rows, windows, measured)
  try {
    for await (const window of readWindows(base, windows, validTokens, device)) {
      await evaluator.window(window)
      onWindow?.(window)
      await next()
    }
    if (isStored) return { ...evaluator.result(), storedPerplexity: null }
    const stored = createPerplexityMeter()
    const asStored = await fitToDevice(await inPrecision(await openBaseModel(base.folder), 'stored'), device)
    let index = 0
    for await (const { ids, isCounted, reading } of readWindows(asStored, windows, validTokens, device)) {
      for (let row = 0; row + 1 < ids.length; row++)
        if (isCounted?.[row] !== 0) stored.add(index, reading.nextLogProbabilities[row]!)
      index++
      await next()
    }
    return { ...evaluator.result(), storedPerplexity: stored.result() }
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
