import { setImmediate } from 'node:timers/promises'
import { defaultGateShare } from '../decode/calibrate-gate.ts'
import { fitToDevice } from '../decode/golden-check.ts'
import { leadOf } from '../decode/gated.ts'
import { largestIndex } from '../decode/sampling.ts'
import { defaultCandidates } from '../decode/shortlist.ts'
import type { Spellm } from '../spellm/spellm.ts'
import { createSpellmTail } from '../spellm/spellm-sessions.ts'
import type { TailSession, TailWeights } from '../spellm/tail-session.ts'
import { collectTokens, countTokens } from '../distill/corpus.ts'
import { teacherCacheShape } from '../distill/teacher-cache.ts'
import { CancelledError, SpellmError } from '../errors.ts'
import { openBaseModel, type BaseModel } from '../models/base-model.ts'
import { inPrecision } from '../models/precision.ts'
import { openHeadRows, type HeadRows } from '../models/head-rows.ts'
import type { Device } from '../runtime/devices/device.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { tokensOf } from '../spelling/speller.ts'
import { bestToken, createTrieSearch } from '../spelling/trie-search.ts'
import { knownContinuation, longestUnit } from '../spelling/units.ts'
import { createCalibrationMeter, type Calibration } from './calibration.ts'
import { createSample, type Difference } from './examples.ts'
import { headPicks } from './greedy-picks.ts'
import {
  createAgreementMeter,
  teacherForcedModes,
  type ModeAgreement,
  type TeacherForcedMode,
} from './mode-agreement.ts'
import { createPerplexityMeter, type Perplexity } from './perplexity.ts'
import { createReferenceSession, type Reading } from './reference-session.ts'
import { createSpellingDistribution } from './spelling-distribution.ts'
import { createTokenSorter } from './token-kinds.ts'
import { createWordMeter, type WordExactness } from './word-exactness.ts'
import { thresholdOf } from '../spellm/gates.ts'

/** A SpeLLM's own perplexity: see `SpellingDistribution`. */
export interface SpellingPerplexity extends Perplexity {
  /** The base model's on the same tokens. */
  readonly basePerplexity: number
  /** Tokens of the text that are left out because the SpeLLM never says them. */
  readonly unsaidTokens: number
}

/** What `evaluateText` finds. */
export interface TextEvaluation {
  readonly agreement: ModeAgreement
  /** The n of trie(n); null: it was not measured. */
  readonly candidates: number | null
  /** Gated mode's share of positions that the base model's head decided; null: it was not measured. */
  readonly gatedBaseShare: number | null
  /** null: the SpeLLM says token by token. */
  readonly words: WordExactness | null
  /** The base model's. */
  readonly perplexity: Perplexity
  /** The base model's with weights as stored: what quantising costs; null: they are used so. */
  readonly storedPerplexity: Perplexity | null
  readonly spellmPerplexity: SpellingPerplexity
  /** Of trie(0): how often its picks are the base model's. */
  readonly calibration: Calibration
  /** How often picks are the tokens that follow in the text: the base model's greedy ones and trie mode's. */
  readonly textCalibration: { readonly base: Calibration; readonly spellm: Calibration }
  /** Of the tail for sampling, on the same tokens; null: the SpeLLM has none. */
  readonly samplingTail: { readonly perplexity: Perplexity; readonly textCalibration: Calibration } | null
  /** Of each mode, some of the positions where it picks another token than the base model. */
  readonly differences: Readonly<Partial<Record<TeacherForcedMode, readonly Difference[]>>>
  /** The same for trie mode, by the kind of the base model's token: 'script Greek'. */
  readonly differencesByKind: ReadonlyMap<string, readonly Difference[]>
}

/** The least text that says anything. */
const leastTokens = 512
/** Windows that are read at once: more cost memory and save no time. */
const maxWindowsAtOnce = 4
const shownDifferences = 12
const shownDifferencesOfKind = 4
/** Tokens of context beside a difference. */
const shownContext = 24

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
    modes = spellm.gates.length > 0
      ? teacherForcedModes
      : teacherForcedModes.filter((mode) => mode !== 'gated'),
    candidates = defaultCandidates,
    gateShare = defaultGateShare,
    device = 'cpu',
    onProgress,
    signal,
  }: {
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
    readonly onProgress?: (done: number, total: number) => void
    readonly signal?: AbortSignal
  },
): Promise<TextEvaluation> {
  const { base, tokenizer, weights, samplingWeights } = spellm
  const shape = teacherCacheShape(base.architecture)
  const limit = Math.ceil(Math.max(positions, leastTokens) / shape.tokens) * shape.tokens
  const ids = await collectTokens(documents, tokenizer, base.architecture, {
    limit,
    minimum: leastTokens,
    windowTokens: shape.tokens,
  })
  const judge = createJudge(spellm, ids, {
    modes,
    candidates,
    threshold: gateThreshold(spellm, modes, gateShare),
  })
  const rows = openHeadRows(base)
  const openTail = (own: TailWeights) => createSpellmTail(spellm, own, { device })
  const tail = await openTail(weights)
  const samplingTail = samplingWeights && (await openTail(samplingWeights))
  const isStored = spellm.precision === 'stored'
  const total = isStored ? ids.length : 2 * ids.length
  const next = async (done: number) => {
    onProgress?.(done, total)
    await setImmediate()
    if (signal?.aborted) throw new CancelledError()
  }
  try {
    for await (const { from, to, reading } of readWindows(base, ids, device)) {
      await judge.window(from, to, reading, { tail, samplingTail, rows })
      await next(to)
    }
    if (isStored) return { ...judge.result(), storedPerplexity: null }
    const stored = createPerplexityMeter()
    const asStored = await fitToDevice(await inPrecision(await openBaseModel(base.folder), 'stored'), device)
    for await (const { from, to, reading } of readWindows(asStored, ids, device)) {
      for (let row = 0; row + 1 < to - from; row++) stored.add(from, reading.nextLogProbabilities[row]!)
      await next(ids.length + to)
    }
    return { ...judge.result(), storedPerplexity: stored.result() }
  } finally {
    rows.close()
    await tail.release()
    await samplingTail?.release()
  }
}

/** Reads a text's windows, which know nothing of one another, several at once. */
async function* readWindows(
  base: BaseModel,
  ids: Int32Array,
  device: Device,
): AsyncGenerator<{ readonly from: number; readonly to: number; readonly reading: Reading }> {
  const shape = teacherCacheShape(base.architecture)
  const batch = Math.min(shape.batch, maxWindowsAtOnce)
  const reference = await createReferenceSession(base, { batch, tokens: shape.tokens, device })
  try {
    for (let start = 0; start < ids.length; start += batch * shape.tokens) {
      // What is filled up behind the text's end is read but not looked at.
      const tokens = new Int32Array(batch * shape.tokens)
      tokens.set(ids.subarray(start, start + tokens.length))
      const reading = await reference.read(tokens)
      for (let window = 0; window < batch; window++) {
        const from = start + window * shape.tokens
        const to = Math.min(ids.length, from + shape.tokens)
        if (from < to) yield { from, to, reading: windowOf(reading, window, shape) }
      }
    }
  } finally {
    await reference.release()
  }
}

/** Gated mode's threshold; null where that mode is not asked for. */
function gateThreshold({ gates }: Spellm, modes: readonly TeacherForcedMode[], share: number): number | null {
  if (!modes.includes('gated')) return null
  const threshold = thresholdOf(gates, share)
  if (threshold !== null) return threshold
  throw new SpellmError(
    'setting-invalid',
    "This SpeLLM was converted before gated mode's thresholds were measured.",
    'Convert the model again, or leave out gated mode.',
  )
}

function windowOf(
  { hidden, choices, choiceLogProbabilities, nextLogProbabilities }: Reading,
  window: number,
  { tokens, hiddenSize }: { readonly tokens: number; readonly hiddenSize: number },
): Reading {
  const [from, to] = [window * tokens, (window + 1) * tokens]
  return {
    hidden: hidden.subarray(from * hiddenSize, to * hiddenSize),
    choices: choices.subarray(from, to),
    choiceLogProbabilities: choiceLogProbabilities.subarray(from, to),
    nextLogProbabilities: nextLogProbabilities.subarray(from, to),
  }
}

/** A tail's most likely token and its probability. */
interface Prediction {
  readonly pick: number
  readonly logProbability: number
}

/** Rounding may lift a probability above 1. */
const probabilityOf = ({ logProbability }: Prediction) => Math.min(1, Math.exp(logProbability))

/** Collects how well a tail's probabilities of tokens predict a text. */
function createPredictionMeter() {
  const perplexity = createPerplexityMeter()
  const calibration = createCalibrationMeter()
  return {
    /** @param logProbability of the token that follows in the text; −∞: the SpeLLM never says it */
    add: (window: number, prediction: Prediction, next: number, logProbability: number) => {
      calibration.add(probabilityOf(prediction), prediction.pick === next)
      if (logProbability !== -Infinity) perplexity.add(window, logProbability)
    },
    result: () => ({ perplexity: perplexity.result(), textCalibration: calibration.result() }),
  }
}

/** Looks at each position of a text's windows with all meters. */
function createJudge(
  { tokenizer, speller, base, samplingWeights }: Spellm,
  ids: Int32Array,
  {
    modes,
    candidates,
    threshold,
  }: {
    readonly modes: readonly TeacherForcedMode[]
    readonly candidates: number
    readonly threshold: number | null
  },
) {
  const { hiddenSize: d, vocabularySize } = base.architecture
  const headScores = speller.k * alphabetSize(speller.alphabet)
  const search = createTrieSearch(speller)
  const distribution = createSpellingDistribution(speller)
  const kindsOf = createTokenSorter(speller, tokenizer.entries, countTokens(ids, vocabularySize))
  const measuresTrie = modes.includes('trie')
  const listed = Math.max(2, measuresTrie ? candidates : 0)
  const tokenize = (text: string) => tokenizer.encode(text)

  const agreement = createAgreementMeter(modes)
  const words = speller.words.length > 0 ? createWordMeter(modes) : null
  const longest = longestUnit(speller)
  const calibration = createCalibrationMeter()
  const perplexity = createPerplexityMeter()
  const baseTextCalibration = createCalibrationMeter()
  const first = createPredictionMeter()
  const sampling = createPredictionMeter()
  const baseOnSaid = createPerplexityMeter()
  const samples = new Map(modes.map((mode, seed) => [mode, createSample<Difference>(shownDifferences, seed)]))
  const kindSamples = new Map<string, ReturnType<typeof createSample<Difference>>>()
  let positions = 0
  let baseSteps = 0
  let unsaidTokens = 0
  let windows = 0

  const shown = (token: number) => {
    const text = tokenizer.decodeContinuation([token])
    if (text !== '' && !text.includes('\ufffd')) return JSON.stringify(text)
    // Special tokens and parts of characters.
    return tokenizer.entries[token]?.content ?? `token ${token}`
  }

  return {
    /** Looks at the window of the tokens from `from` to before `to`. */
    window: async (
      from: number,
      to: number,
      { hidden, choices, choiceLogProbabilities, nextLogProbabilities }: Reading,
      {
        tail,
        samplingTail,
        rows,
      }: {
        readonly tail: TailSession
        readonly samplingTail: TailSession | null
        readonly rows: HeadRows
      },
    ): Promise<void> => {
      const window = windows++
      const count = to - from
      const scores = await tail.logProbabilities(hidden.subarray(0, count * d))
      const samplingScores = await samplingTail?.logProbabilities(hidden.subarray(0, count * d))
      for (let row = 0; row < count; row++) {
        const state = hidden.subarray(row * d, (row + 1) * d)
        const own = scores.subarray(row * headScores, (row + 1) * headScores)
        const choice = choices[row]!
        const { best, free } = headPicks(search, own, listed, tokenize)
        const trieUnit = tokensOf(speller, best[0]!.token)
        const trie = trieUnit[0]!
        const pick = (mode: TeacherForcedMode): readonly number[] => {
          if (mode === 'trie' && candidates === 0) return trieUnit
          if (mode === 'free') return tokensOf(speller, free)
          if (mode === 'gated') return threshold !== null && leadOf(best) < threshold ? [choice] : trieUnit
          const units = best.slice(0, candidates).map(({ token }) => tokensOf(speller, token))
          const firstTokens = units.map(([first]) => first!)
          return units[largestIndex(rows.logits(state, firstTokens))]!
        }
        positions++
        if (threshold !== null && leadOf(best) < threshold) baseSteps++
        const units = modes.map(pick)
        const picks = units.map(([first]) => first!)
        const kinds = kindsOf(choice)
        agreement.add(
          window,
          picks.map((token) => token === choice),
          kinds,
        )

        words?.add(
          window,
          units,
          knownContinuation({ ids: ids.subarray(from, to), choices, windowTokens: count }, row, longest),
        )

        const logTotal = distribution.logTotal(own)
        const prediction = { pick: trie, logProbability: distribution.score(own, trie) - logTotal }
        calibration.add(probabilityOf(prediction), trie === choice)
        if (row + 1 < count) {
          const next = ids[from + row + 1]!
          const ofBase = nextLogProbabilities[row]!
          const score = distribution.score(own, next)
          perplexity.add(window, ofBase)
          baseTextCalibration.add(Math.exp(choiceLogProbabilities[row]!), choice === next)
          first.add(window, prediction, next, score - logTotal)
          if (samplingScores) {
            const other = samplingScores.subarray(row * headScores, (row + 1) * headScores)
            const otherTotal = distribution.logTotal(other)
            const { token: pick, score } = bestToken(search, other)
            sampling.add(
              window,
              { pick, logProbability: score - otherTotal },
              next,
              distribution.score(other, next) - otherTotal,
            )
          }
          if (score === -Infinity) unsaidTokens++
          else baseOnSaid.add(window, ofBase)
        }

        const describe = (picked: number): Difference => {
          const [ofChoice, ofPick] = rows.logits(state, [choice, picked]) as Iterable<number> as [
            number,
            number,
          ]
          const scoreOfChoice = distribution.score(own, choice)
          return {
            context: tokenizer.decode(
              ids.subarray(Math.max(from, from + row + 1 - shownContext), from + row + 1),
            ),
            expected: shown(choice),
            picked: shown(picked),
            baseLead: ofChoice - ofPick,
            spellingLead:
              scoreOfChoice === -Infinity ? null : distribution.score(own, picked) - scoreOfChoice,
          }
        }
        modes.forEach((mode, i) => {
          if (picks[i] !== choice) samples.get(mode)!.offer(() => describe(picks[i]!))
        })
        if (trie !== choice)
          for (const [way, kind] of Object.entries(kinds)) {
            const name = `${way} ${kind}`
            let sample = kindSamples.get(name)
            if (!sample) kindSamples.set(name, (sample = createSample<Difference>(shownDifferencesOfKind, 1)))
            sample.offer(() => describe(trie))
          }
      }
    },
    result: (): Omit<TextEvaluation, 'storedPerplexity'> => ({
      agreement: agreement.result(),
      candidates: measuresTrie ? candidates : null,
      gatedBaseShare: threshold === null ? null : baseSteps / positions,
      words: words?.result() ?? null,
      perplexity: perplexity.result(),
      spellmPerplexity: {
        ...first.result().perplexity,
        basePerplexity: baseOnSaid.result().perplexity.value,
        unsaidTokens,
      },
      calibration: calibration.result(),
      textCalibration: {
        base: baseTextCalibration.result(),
        spellm: first.result().textCalibration,
      },
      samplingTail: samplingWeights && sampling.result(),
      differences: Object.fromEntries([...samples].map(([mode, sample]) => [mode, sample.items()])),
      differencesByKind: new Map([...kindSamples].map(([name, sample]) => [name, sample.items()])),
    }),
  }
}
