import { join } from 'node:path'
import { z } from 'zod'
import { planTeacherCache, teacherCacheShape, type TeacherCache } from '../distill/teacher-cache.ts'
import { conversationPieces, type ConversationPieces } from '../distill/own-text/conversation-pieces.ts'
import { fillOwnText, type OwnText } from '../distill/own-text/fill-cache.ts'
import { ownTextCacheShape, ownTextShape, type OwnTextShape } from '../distill/own-text/shape.ts'
import { CancelledError, nullIfNotFound } from '../errors.ts'
import { writeJsonAtomically } from '../formats/atomic-file.ts'
import { openChatTemplate } from '../formats/chat-template.ts'
import { readJsonFile } from '../formats/json-file.ts'
import type { Tokenizer } from '../formats/tokenizer.ts'
import type { BaseModel } from '../models/base-model.ts'
import { cacheFolder, type Run } from '../runs/index.ts'
import { deviceMemory } from '../runtime/memory/require-memory.ts'
import { ownTurn } from '../runtime/turns.ts'
import { keyValueShare } from './conversion-cost.ts'
import { answerPositions, conversionDocuments, heldOutTokens } from './conversion-text.ts'
import type { JobOptions } from './events.ts'
import { fillCaches, positionsOf, type Portion } from './fill-caches.ts'
import { loadTokens } from './run-tokens.ts'
import type { RunSettings } from './settings.ts'

/** Where the states that a tail with token symbols learns from and is measured by come from. */
export interface StatesPlan {
  /** Of the text that was given; null: the model writes it. */
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
const leastSequences = 8

const shapeSchema = z.object({ sequences: z.int().min(1), tokens: z.int().min(1) })
const tokenList = z.array(z.int().min(0))
const storedSchema = z.object({
  pieces: z.object({
    kind: z.enum(['chat', 'document']),
    prefix: tokenList.min(1),
    between: tokenList,
    questionEnd: tokenList,
    stops: tokenList,
  }),
  shape: shapeSchema,
  answers: shapeSchema,
})

/** What a run that goes on later has to know of how it began: a template may write the date, memory may be shorter. */
const writingFile = 'own-text.json'
const maxWritingBytes = 16 << 20

/**
 * Plans the states of a run: how the model writes its own text, or which tokens of the given one it reads.
 *
 * @throws SpellmError 'model-unsupported' for a model that can't begin a text, and as `loadTokens`
 */
export async function planStates(
  run: Run<RunSettings>,
  base: BaseModel,
  tokenizer: Tokenizer,
  options: JobOptions,
): Promise<StatesPlan> {
  const { settings, folder } = run
  const { hiddenSize } = base.architecture
  const isGiven = conversionDocuments(settings) !== null
  options.onEvent({ type: 'phase', phase: 'text' })
  const writing = await planWriting(folder, base, tokenizer, settings, { isGiven, options })
  const plan = (name: string, shape: OwnTextShape, positions: number) => {
    const cacheShape = ownTextCacheShape(shape, hiddenSize)
    const rounds = Math.max(1, Math.round(positions / (shape.sequences * shape.tokens)))
    const windows = rounds * shape.sequences
    return planTeacherCache(join(folder, cacheFolder, name), cacheShape, windows)
  }
  const heldOut = plan('held-out', writing.answers, answerPositions)
  const style = { seed: settings.seed, answers: 'sampled', questions: null } as const
  const answerStyle = { seed: answerSeed(settings.seed), answers: 'greedy' } as const
  if (!isGiven) {
    const training = plan('training', writing.shape, settings.tokens)
    return {
      given: null,
      training,
      own: { pieces: writing.pieces, shape: writing.shape, style },
      heldOut,
      answers: { pieces: writing.pieces, shape: writing.answers, style: { ...answerStyle, questions: null } },
    }
  }
  const shape = teacherCacheShape(base.architecture)
  const { positionsPerChunk } = planTeacherCache('', shape, 0)
  const heldOutLength = heldOutTokens(base.architecture)
  const least = heldOutLength + positionsPerChunk
  const ids = await loadTokens(run, base, tokenizer, heldOutLength, least, options)
  const rest = ids.subarray(heldOutLength)
  const windows = Math.floor(rest.length / shape.tokens)
  const training = planTeacherCache(join(folder, cacheFolder, 'training'), shape, windows)
  const questions = beginnings(ids.subarray(0, heldOutLength), shape.tokens, writing.answers.tokens)
  return {
    given: { cache: training, ids: rest },
    training,
    own: null,
    heldOut,
    answers: { pieces: writing.pieces, shape: writing.answers, style: { ...answerStyle, questions } },
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

async function planWriting(
  folder: string,
  base: BaseModel,
  tokenizer: Tokenizer,
  { tokens, device }: RunSettings,
  { isGiven, options }: { readonly isGiven: boolean; readonly options: JobOptions },
): Promise<z.infer<typeof storedSchema>> {
  const path = join(folder, writingFile)
  const stored = await readJsonFile(path, storedSchema, { maxBytes: maxWritingBytes }).catch(nullIfNotFound)
  if (stored) return stored
  const { pieces, notice } = isGiven
    ? { pieces: documentAfterAnything(base), notice: null }
    : conversationPieces(await openChatTemplate(base.folder), tokenizer, base)
  if (notice !== null) options.onEvent({ type: 'notice', message: notice })
  if (!isGiven)
    options.onEvent({ type: 'notice', message: 'No text was given: the base model writes it itself.' })
  const { free } = await deviceMemory(device)
  const room = ownTextShape(base.architecture, pieces, keyValueShare * free)
  const writing = {
    pieces: {
      kind: pieces.kind,
      prefix: [...pieces.prefix],
      between: [...pieces.between],
      questionEnd: [...pieces.questionEnd],
      stops: [...pieces.stops],
    },
    shape: fitRound(room, tokens),
    answers: fitRound(room, answerPositions),
  }
  await writeJsonAtomically(path, writing)
  return writing
}

/** A round of about so many positions, or of as many as there is room for. */
function fitRound({ sequences, tokens }: OwnTextShape, positions: number): OwnTextShape {
  const fitting = Math.floor(positions / tokens / leastSequences) * leastSequences
  const count = Math.min(sequences, Math.max(leastSequences, fitting))
  return { sequences: count, tokens: Math.max(1, Math.min(tokens, Math.ceil(positions / count))) }
}

/** Texts that go on from what was given: a model without a begin token reads the token that ends its texts first. */
function documentAfterAnything({ architecture, stopTokens }: BaseModel): ConversationPieces {
  const begin = architecture.beginToken ?? stopTokens[0] ?? 0
  return { kind: 'document', prefix: [begin], between: [], questionEnd: [], stops: stopTokens }
}

/** Computes the states of a plan that aren't there yet: the training text's, then the held-out answers'. */
export async function fillStates(
  plan: StatesPlan,
  base: BaseModel,
  tokenizer: Tokenizer,
  settings: RunSettings,
  { windowsAtOnce, options }: { readonly windowsAtOnce: number; readonly options: JobOptions },
): Promise<void> {
  const { onEvent, signal, turn = ownTurn } = options
  const write = (cache: TeacherCache, text: OwnText, phase: 'text' | 'cache') =>
    fillOwnText(cache, text, base, tokenizer, {
      device: settings.device,
      turn,
      ...(signal ? { signal } : {}),
      onProgress: (done) => onEvent({ type: 'progress', phase, done, total: positionsOf(cache) }),
    })
  if (plan.own) {
    await write(plan.training, plan.own, 'text')
    onEvent({ type: 'phase', phase: 'cache' })
  } else if (plan.given) {
    onEvent({ type: 'phase', phase: 'cache' })
    await fillCaches(base, settings, { portions: [plan.given], windowsAtOnce }, options)
  }
  if (signal?.aborted) throw new CancelledError()
  await write(plan.heldOut, plan.answers, 'cache')
}
