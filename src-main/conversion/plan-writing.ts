import { join } from 'node:path'
import { z } from 'zod'
import { conversationPieces, type ConversationPieces } from '../distill/own-text/conversation-pieces.ts'
import { ownTextCacheShape, ownTextShape, type OwnTextShape } from '../distill/own-text/shape.ts'
import { planTeacherCache, teacherCacheShape } from '../distill/teacher-cache.ts'
import { nullIfNotFound } from '../base/errors.ts'
import { writeJsonAtomically } from '../base/atomic-file.ts'
import { openChatTemplate } from '../tokenizer/chat-template.ts'
import { readJsonFile } from '../formats/json-file.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { BaseModel } from '../models/base-model.ts'
import type { Run } from '../runs/index.ts'
import { deviceMemory } from '../runtime/memory/require-memory.ts'
import { chunksOfWindow } from './cache-window.ts'
import { keyValueShare } from './conversion-cost.ts'
import { answerPositions, conversionDocuments } from './conversion-text.ts'
import type { JobOptions } from './events.ts'
import {
  documentAfterAnything,
  readGivenQuestions,
  storeQuestions,
  type GivenQuestions,
} from './given-questions.ts'
import { freeDiskBytes } from './machine.ts'
import type { RunSettings } from './settings.ts'

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
  /** Absent: every sequence is of these pieces. */
  plainTexts: z.object({ every: z.int().min(1), prefix: tokenList }).optional(),
  /** Absent: all of what is learnt from is there at once. */
  chunksPerWindow: z.int().min(1).optional(),
})
type Writing = z.infer<typeof storedSchema>

/** A model that asks and answers itself writes plain texts in one of this many sequences. */
const plainTextEvery = 8

/** What a run that is resumed has to know of how it began: a template may write the date, memory may be shorter. */
export const writingFile = 'own-text.json'
const maxWritingBytes = 16 << 20

/**
 * What is stored with a run of how its model writes; null: nothing.
 *
 * @throws SpellmError 'file-invalid'
 */
export function readWriting(folder: string): Promise<Writing | null> {
  return readJsonFile(join(folder, writingFile), storedSchema, { maxBytes: maxWritingBytes }).catch(
    nullIfNotFound,
  )
}

/**
 * How a run's model writes what it learns from, and answers to be measured by: as stored with the run, or planned now.
 *
 * @param positionBytes that states and targets of a position take on disk
 * @throws SpellmError as `conversationPieces` and `readGivenQuestions`
 */
export async function planWriting(
  { folder, settings }: Run<RunSettings>,
  base: BaseModel,
  tokenizer: Tokenizer,
  positionBytes: number,
  { onEvent }: JobOptions,
): Promise<Writing> {
  const stored = await readWriting(folder)
  if (stored) return stored
  const { architecture } = base
  const isGiven = conversionDocuments(settings) !== null
  const { pieces, asked, notices } = isGiven
    ? { pieces: documentAfterAnything(base), asked: null, notices: [] }
    : await beginTexts(base, tokenizer, settings)
  for (const message of notices) onEvent({ type: 'notice', message })
  const { device, tokens, windowTokens = tokens } = settings
  const { free } = await deviceMemory(device)
  const questions = asked ? [...asked.training, ...asked.heldOut] : []
  const questionTokens = questions.reduce((most, { length }) => Math.max(most, length), 0)
  const limits = { memoryBytes: keyValueShare * free, device, questionTokens }
  const room = ownTextShape(architecture, pieces, limits)
  const fit = (positions: number) => (asked ? fitSequences(room, positions) : fitRound(room, positions))
  const shape = fit(Math.min(tokens, windowTokens))
  const cacheShape = isGiven
    ? teacherCacheShape(architecture)
    : ownTextCacheShape(shape, architecture.hiddenSize)
  const { positionsPerChunk } = planTeacherCache('', cacheShape, 0)
  const chunk = { positionsPerChunk, positionBytes }
  const chunksPerWindow = chunksOfWindow(settings, chunk, await freeDiskBytes(folder))
  const writing = {
    pieces: {
      kind: pieces.kind,
      prefix: [...pieces.prefix],
      between: [...pieces.between],
      questionEnd: [...pieces.questionEnd],
      stops: [...pieces.stops],
    },
    shape,
    answers: fit(measuredPositions(asked, room)),
    ...(pieces.kind === 'chat' && !asked
      ? { plainTexts: { every: plainTextEvery, prefix: [...tokenizer.frame.before] } }
      : {}),
    ...(chunksPerWindow === undefined ? {} : { chunksPerWindow }),
  }
  if (asked) await storeQuestions(folder, asked)
  await writeJsonAtomically(join(folder, writingFile), writing)
  return writing
}

/** How a model that is given no text begins its own, and what a person should know of that. */
async function beginTexts(
  base: BaseModel,
  tokenizer: Tokenizer,
  { questions, tokens }: RunSettings,
): Promise<{
  readonly pieces: ConversationPieces
  readonly asked: GivenQuestions | null
  readonly notices: readonly string[]
}> {
  const template = await openChatTemplate(base.folder)
  if (questions.length === 0) {
    const { pieces, notice } = conversationPieces(template, tokenizer, base)
    const said =
      pieces.kind === 'chat'
        ? 'No text was given: the base model asks and answers itself, and writes plain texts in between, an eighth of all.'
        : 'No text was given: the base model writes it itself.'
    return { pieces, asked: null, notices: notice === null ? [said] : [notice, said] }
  }
  const given = await readGivenQuestions(questions, base, tokenizer, { template, tokens })
  const { training, heldOut } = given.questions
  const does = template ? 'answers' : 'continues'
  const said = `The base model ${does} ${counted(training.length, 'question')} to learn from, and ${counted(heldOut.length, 'other')} to measure by.`
  return { pieces: given.pieces, asked: given.questions, notices: [...given.notices, said] }
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

/** Greedily, a question has one answer: no more positions than the questions have sequences for. */
export function measuredPositions(asked: GivenQuestions | null, { tokens }: OwnTextShape): number {
  const sequences = asked ? Math.max(leastSequences, asked.heldOut.length) : Infinity
  return Math.min(answerPositions, sequences * tokens)
}

/** So many sequences of full length as positions need, or as there is room for. */
function fitSequences({ sequences, tokens }: OwnTextShape, positions: number): OwnTextShape {
  const fitting = Math.floor(positions / tokens / leastSequences) * leastSequences
  return { sequences: Math.min(sequences, Math.max(leastSequences, fitting)), tokens }
}

/** A round of about this many positions, or of as many as there is room for: of few, its sequences are short. */
function fitRound(room: OwnTextShape, positions: number): OwnTextShape {
  const { sequences, tokens } = fitSequences(room, positions)
  return { sequences, tokens: Math.max(1, Math.min(tokens, Math.ceil(positions / sequences))) }
}
