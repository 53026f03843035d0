import { join } from 'node:path'
import type { ChunkRange } from '../distill/schedule.ts'
import {
  allChunks,
  planTeacherCache,
  removeOtherChunks,
  teacherCacheShape,
  type TeacherCache,
} from '../distill/teacher-cache.ts'
import { fillOwnText, type OwnText } from '../distill/own-text/fill-cache.ts'
import { ownTextCacheShape, type OwnTextShape } from '../distill/own-text/shape.ts'
import { CancelledError } from '../base/errors.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { BaseModel } from '../models/base-model.ts'
import { cacheFolder, type Run } from '../runs/index.ts'
import { ownTurn } from '../runtime/turns.ts'
import { conversionDocuments, heldOutTokens } from './conversion-text.ts'
import type { JobOptions } from './events.ts'
import { fillCaches, type Portion } from './fill-caches.ts'
import { createFirstTexts } from './first-texts.ts'
import { loadQuestions } from './given-questions.ts'
import { measuredPositions, planWriting } from './plan-writing.ts'
import { loadTokens } from './run-tokens.ts'
import type { RunSettings } from './settings.ts'

/** Where the states that a tail with token symbols learns from and is measured by come from. */
export interface StatesPlan {
  /** The states of the text that was given; null: the model writes it. */
  readonly given: Portion | null
  readonly training: TeacherCache
  /** How the model writes what it learns from; null: a text was given. */
  readonly own: OwnText | null
  /** Greedy answers, which nothing is learnt from: its doubts and agreement are measured on them. */
  readonly heldOut: TeacherCache
  readonly answers: OwnText
}

/** Tokens of a given text that an answer begins with. */
const openingTokens = 32
const openings = 64

/**
 * Plans the states of a run: how the model writes its own text, or which tokens of the given one it reads.
 *
 * @param positionBytes that states and targets of a position take on disk
 * @throws SpellmError 'model-unsupported' for a model that can't begin a text, and as `planWriting` and `loadTokens`
 */
export async function planStates(
  run: Run<RunSettings>,
  base: BaseModel,
  tokenizer: Tokenizer,
  positionBytes: number,
  options: JobOptions,
): Promise<StatesPlan> {
  const { settings, folder } = run
  const { hiddenSize } = base.architecture
  options.onEvent({ type: 'phase', phase: 'text' })
  const writing = await planWriting(run, base, tokenizer, positionBytes, options)
  const { pieces, chunksPerWindow } = writing
  const asked = settings.questions.length > 0 ? await loadQuestions(folder) : null
  const plan = (name: string, shape: OwnTextShape, positions: number) => {
    const cacheShape = ownTextCacheShape(shape, hiddenSize)
    const rounds = Math.max(1, Math.round(positions / (shape.sequences * shape.tokens)))
    const windows = rounds * shape.sequences
    return planTeacherCache(join(folder, cacheFolder, name), cacheShape, windows)
  }
  const inWindows = (cache: TeacherCache): TeacherCache =>
    chunksPerWindow === undefined ? cache : { ...cache, chunksPerWindow }
  const heldOut = plan('held-out', writing.answers, measuredPositions(asked, writing.answers))
  const answersTo = (questions: readonly (readonly number[])[] | null): OwnText => ({
    pieces,
    shape: writing.answers,
    style: { seed: answerSeed(settings.seed), answers: 'greedy', questions },
  })
  if (conversionDocuments(settings) === null) {
    const style: OwnText['style'] = {
      seed: settings.seed,
      answers: 'sampled',
      questions: asked?.training ?? null,
      ...(writing.plainTexts ? { plainTexts: writing.plainTexts } : {}),
    }
    return {
      given: null,
      training: inWindows(plan('training', writing.shape, settings.tokens)),
      own: { pieces, shape: writing.shape, style },
      heldOut,
      answers: answersTo(asked?.heldOut ?? null),
    }
  }
  const shape = teacherCacheShape(base.architecture)
  const { positionsPerChunk } = planTeacherCache('', shape, 0)
  const heldOutLength = heldOutTokens(base.architecture)
  const least = heldOutLength + positionsPerChunk
  const ids = await loadTokens(run, { base, tokenizer }, { heldOut: heldOutLength, least }, options)
  const rest = ids.subarray(heldOutLength)
  const windows = Math.floor(rest.length / shape.tokens)
  const training = inWindows(planTeacherCache(join(folder, cacheFolder, 'training'), shape, windows))
  const questions = beginnings(ids.subarray(0, heldOutLength), shape.tokens, writing.answers.tokens)
  return {
    given: { cache: training, ids: rest },
    training,
    own: null,
    heldOut,
    answers: answersTo(questions),
  }
}

/** Another text than that of any nearby seed. */
const answerSeed = (seed: number) => (seed ^ 0x5eed_a115) >>> 0

/** The first tokens of windows that are spread over a text. */
function beginnings(ids: Int32Array, windowTokens: number, answerTokens: number): number[][] {
  const windows = Math.floor(ids.length / windowTokens)
  const count = Math.min(openings, windows)
  const length = Math.max(1, Math.min(openingTokens, windowTokens, Math.floor(answerTokens / 4)))
  return Array.from({ length: count }, (_, i) => {
    const start = Math.floor((i * windows) / count) * windowTokens
    return [...ids.subarray(start, start + length)]
  })
}

/** What computes states. */
export interface StatesModel {
  readonly base: BaseModel
  readonly tokenizer: Tokenizer
  /** Windows of a given text that the teacher reads at once. */
  readonly windowsAtOnce: number
}

/**
 * Computes the states of a part of what is learnt from, where they aren't there yet. If not all of them have room at once,
 * those of other parts are removed first.
 *
 * @throws CancelledError when the signal fires, and as `fillOwnText` and `fillTeacherCache`
 */
export async function fillTraining(
  { training, own, given }: StatesPlan,
  range: ChunkRange,
  { base, tokenizer, windowsAtOnce }: StatesModel,
  settings: RunSettings,
  options: JobOptions,
): Promise<void> {
  const { onEvent } = options
  if (training.chunksPerWindow !== undefined) await removeOtherChunks(training.folder, range)
  if (own) {
    const isFirst = range.from === 0
    if (!isFirst) onEvent({ type: 'phase', phase: 'text' })
    await fillOwnText(training, own, base, tokenizer, {
      range,
      ...writingOptions('text', training, range, settings, options),
      ...(isFirst ? { onConversation: createFirstTexts(tokenizer, own.pieces, onEvent) } : {}),
    })
  } else if (given) {
    onEvent({ type: 'phase', phase: 'cache' })
    await fillCaches(base, settings, { portions: [given], windowsAtOnce, range }, options)
  }
  if (options.signal?.aborted) throw new CancelledError()
}

/** Lets the model write the answers that a tail is measured by, where they aren't there yet. Throws as `fillOwnText`. */
export async function fillAnswers(
  { heldOut, answers, own }: StatesPlan,
  { base, tokenizer }: StatesModel,
  settings: RunSettings,
  options: JobOptions,
): Promise<void> {
  if (own) options.onEvent({ type: 'phase', phase: 'cache' })
  const range = allChunks(heldOut)
  await fillOwnText(
    heldOut,
    answers,
    base,
    tokenizer,
    writingOptions('cache', heldOut, range, settings, options),
  )
}

function writingOptions(
  phase: 'text' | 'cache',
  { positionsPerChunk }: TeacherCache,
  { from, to }: ChunkRange,
  { device }: RunSettings,
  { onEvent, signal, turn = ownTurn }: JobOptions,
) {
  const total = (to - from) * positionsPerChunk
  return {
    device,
    turn,
    ...(signal ? { signal } : {}),
    onProgress: (done: number) => onEvent({ type: 'progress', phase, done, total }),
  }
}
