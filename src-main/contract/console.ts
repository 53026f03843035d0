import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { deviceSchema } from './devices.ts'
import { procedure } from './errors.ts'
import { modelReferenceSchema } from './models.ts'
import { anyModeSchema } from './modes.ts'
import { runIdSchema } from './runs.ts'

/** What the console tests: the SpeLLM of a finished run next to its base, or a base model alone. */
export const consoleSourceSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('run'), id: runIdSchema }),
  z.object({ kind: z.literal('model'), reference: modelReferenceSchema }),
])
export type ConsoleSource = z.infer<typeof consoleSourceSchema>

export const consoleModeSchema = anyModeSchema
export type ConsoleMode = z.output<typeof consoleModeSchema>

/** null: greedy. */
export const samplingSchema = z
  .object({
    /** 0: the best token is taken. */
    temperature: z.number().min(0).max(10),
    topK: z.int().min(1).max(1_000_000).optional(),
    topP: z.number().positive().max(1).optional(),
    minP: z.number().positive().max(1).optional(),
    repetitionPenalty: z.number().positive().max(10).optional(),
    presencePenalty: z.number().min(-2).max(2).optional(),
    frequencyPenalty: z.number().min(-2).max(2).optional(),
    /** Tokens and what their scores gain; −100: never this token. */
    logitBias: z
      .array(z.tuple([z.int().min(0), z.number().min(-100).max(100)]))
      .max(1_024)
      .optional(),
    seed: z.int().min(0).max(4_294_967_295),
  })
  .nullable()
export type Sampling = z.infer<typeof samplingSchema>

const generationEventSchema = z.discriminatedUnion('type', [
  /** The tokens of the prompt, once, before the first token. */
  z.object({ type: z.literal('prompt'), tokens: z.array(z.int()) }),
  z.object({
    type: z.literal('token'),
    token: z.int(),
    /** What became complete with this token; may be empty inside a character. */
    text: z.string(),
    /** Time of this step on the engine, without waiting for others. */
    milliseconds: z.number(),
  }),
  z.object({
    type: z.literal('end'),
    reason: z.enum(['length', 'stop', 'context']),
    /** The device that computed it. */
    device: deviceSchema,
    tokens: z.int(),
    /** Without the prompt. */
    tokensPerSecond: z.number(),
    /** Time until the first token. */
    promptMilliseconds: z.number(),
    /** Text that became complete only with the end. */
    text: z.string(),
  }),
])
export type GenerationEvent = z.infer<typeof generationEventSchema>

/** A candidate for the next token; probability among all tokens (base) or among the listed ones (trie). */
const candidateSchema = z.object({
  /** The token; of a word, its first. */
  token: z.int(),
  text: z.string(),
  logProbability: z.number(),
  probability: z.number(),
})
export type Candidate = z.infer<typeof candidateSchema>

/** How the next token after a context was chosen. */
const tokenDetailSchema = z.object({
  /** The base model's most likely tokens. */
  base: z.array(candidateSchema),
  /** The SpeLLM's best tokens by total log-probability of their spelling; null for a base model alone. */
  trie: z.array(candidateSchema).nullable(),
  /** What free decoding makes of it. */
  free: z.object({ spelled: z.string(), token: z.int(), text: z.string() }).nullable(),
  /** Each head's most likely symbols. */
  heads: z.array(z.array(z.object({ symbol: z.string(), probability: z.number() }))).nullable(),
  /** With token symbols: log of what tokens without an exact score hold relative to the best exact one. */
  doubt: z.number().nullable().default(null),
})
export type TokenDetail = z.infer<typeof tokenDetailSchema>

const promptSchema = z.string().max(1_000_000)

const chatMessageSchema = z.object({
  role: z.enum(['system', 'user', 'assistant']),
  content: promptSchema,
})
export type ChatMessage = z.infer<typeof chatMessageSchema>

/** The numbers that modes have; absent: the usual ones. */
export const modeNumbersSchema = z.object({
  /** The n of trie. */
  candidates: z.int().min(0).max(1_024).optional(),
  /** The share of steps that gated mode gives to the base model's head. */
  gateShare: z.number().min(0).max(1).optional(),
})
export type ModeNumbers = z.infer<typeof modeNumbersSchema>

export const consoleContract = {
  /** What a model can do in addition to continuing texts. */
  abilities: procedure
    .input(z.object({ source: consoleSourceSchema }))
    .output(z.object({ canChat: z.boolean() })),
  /**
   * Continues a text, or answers the last message of a conversation, for which the model must have a chat template.
   * Ends early when the caller stops listening.
   */
  generate: procedure
    .input(
      z.object({
        source: consoleSourceSchema,
        mode: consoleModeSchema,
        prompt: z.union([promptSchema, z.array(chatMessageSchema).min(1).max(1_000)]),
        ...modeNumbersSchema.shape,
        maxTokens: z.int().min(1).max(100_000),
        sampling: samplingSchema,
        stop: z.array(z.string().min(1).max(1_000)).max(16),
      }),
    )
    .output(eventIterator(generationEventSchema)),
  /** @see tokenDetailSchema */
  inspectToken: procedure
    .input(z.object({ source: consoleSourceSchema, context: z.array(z.int().min(0)).min(1).max(1_000_000) }))
    .output(tokenDetailSchema),
}

/** A prompt that was kept, with what the models made of it. */
export const savedPromptSchema = z.object({
  id: z.uuid(),
  /** ISO 8601. */
  saved: z.string(),
  title: z.string().max(200),
  prompt: promptSchema,
  source: consoleSourceSchema,
  sampling: samplingSchema,
  maxTokens: z.int(),
  ...modeNumbersSchema.shape,
  results: z.array(z.object({ mode: consoleModeSchema, text: z.string(), tokensPerSecond: z.number() })),
})
export type SavedPrompt = z.infer<typeof savedPromptSchema>

export const promptsContract = {
  list: procedure.output(z.array(savedPromptSchema)),
  save: procedure.input(savedPromptSchema.omit({ id: true, saved: true })).output(savedPromptSchema),
  remove: procedure.input(z.object({ id: z.uuid() })).output(z.void()),
}
