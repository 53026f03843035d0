import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { deviceChoiceSchema } from './devices.ts'
import { engineErrorSchema, procedure } from './errors.ts'
import { modelReferenceSchema } from './models.ts'
import { spellmModeSchema } from './modes.ts'
import { precisionSchema } from './precision.ts'
import { tokenSymbolsSchema, unitKindSchema } from './spelling.ts'
import { textSourceSchema } from './text.ts'

/** A run's folder name within the folder of runs: no separators, no leading dot. */
export const runIdSchema = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[\p{L}\p{N}_-][\p{L}\p{N}._ -]*$/u)

/** What a tail with token symbols learns from: the base model's whole distribution ('soft'), or its choices ('hard'). */
const objectiveSchema = z.enum(['soft', 'hard'])

/** What a person decides about a conversion; absent means the engine's default. */
export const conversionRequestSchema = z.object({
  base: modelReferenceSchema,
  texts: textSourceSchema,
  /** Files of questions that the base model answers to learn from, in place of texts. */
  questions: textSourceSchema.optional(),
  tokens: z.int().min(1_000).max(1_000_000_000).optional(),
  k: z.int().min(1).max(64).optional(),
  units: unitKindSchema.optional(),
  alphabet: z.string().min(1).max(100_000).optional(),
  tokenSymbols: tokenSymbolsSchema.optional(),
  /** The most context symbols at once, where there are token symbols. */
  contextSymbols: z.int().min(0).max(65_536).optional(),
  objective: objectiveSchema.optional(),
  adapterWidths: z.array(z.int().min(1).max(1_048_576)).max(16).optional(),
  epochs: z.int().min(1).max(1_000).optional(),
  batchTokens: z.int().min(1).max(1_048_576).optional(),
  peakLearningRates: z
    .object({ adapter: z.number().positive().max(1), heads: z.number().positive().max(1) })
    .optional(),
  seed: z.int().min(0).max(4_294_967_295).optional(),
  device: deviceChoiceSchema.optional(),
  /** How the SpeLLM decodes unless somebody asks for another mode. */
  mode: spellmModeSchema.optional(),
  /** Learn a second tail, which has the base model's probabilities, for sampling. */
  samplingTail: z.boolean().optional(),
  /** The base model's, for the conversion and the SpeLLM; 'kept' only where its card says that blocks can be kept. */
  precision: precisionSchema.optional(),
  /** Tokens whose states are on disk at once; absent: all, unless there is no room for them. */
  windowTokens: z.int().min(1_000).max(1_000_000_000).optional(),
  keepCache: z.boolean().optional(),
})
export type ConversionRequest = z.infer<typeof conversionRequestSchema>

/** The settings that a request stands for: nothing is left to defaults but the adapter, sized to the model, and the window, to the disk. */
export const conversionSettingsViewSchema = conversionRequestSchema
  .required()
  .partial({ adapterWidths: true, windowTokens: true })
export type ConversionSettingsView = z.infer<typeof conversionSettingsViewSchema>

const estimateSchema = z.object({
  steps: z.int(),
  tokens: z.number(),
  /** Estimated seconds of the whole run: a range, because machines are shared. */
  seconds: z.object({ low: z.number(), high: z.number() }),
  disk: z.object({ needed: z.number(), free: z.number() }),
  memory: z.object({ needed: z.number(), free: z.number() }),
  /** Elements of the tail and its adapter's inner widths. */
  tailParameters: z.number(),
  adapterWidths: z.array(z.int()),
  /** Token symbols, and of the LM head's weights what a token without a doubt reads for its tail; 0 and null: every token is spelled. */
  tokenSymbols: z.int(),
  tailShare: z.number().nullable(),
})
export type Estimate = z.infer<typeof estimateSchema>

/**
 * - queued: waits for its turn; running: trains; pausing: asked to pause or stop, ends its step first;
 * - paused: waits to be continued; interrupted: the engine died while it was running or queued;
 * - finished: has a result; failed: ended with an error, may be continued; broken: its files can't be read.
 */
export const runStatusSchema = z.enum([
  'queued',
  'running',
  'pausing',
  'paused',
  'interrupted',
  'finished',
  'failed',
  'broken',
])
export type RunStatus = z.infer<typeof runStatusSchema>

const runPhaseSchema = z.enum(['check', 'text', 'cache', 'targets', 'train', 'sampling', 'evaluate'])
export type RunPhase = z.infer<typeof runPhaseSchema>

const agreementSchema = z.object({ trie: z.number(), free: z.number(), positions: z.number() })

/** What a SpeLLM gains on the machine that converted it, in the mode that it decodes in. */
const verdictSchema = z.object({
  mode: spellmModeSchema,
  /** The base model's time a token over its own; null: the texts were too short to tell. */
  speedup: z.number().nullable(),
  /** Whether all texts that were measured were the base model's. */
  sameText: z.boolean(),
})
export type Verdict = z.infer<typeof verdictSchema>

const runResultSchema = z.object({
  agreement: agreementSchema,
  tokens: z.number(),
  steps: z.number(),
  seconds: z.number(),
  /** How many of these seconds the text with its states took; null: not known. */
  textSeconds: z.number().nullable().default(null),
  k: z.number(),
  alphabetSize: z.number(),
  loss: z.number(),
  parameters: z.object({ tail: z.number(), baseHead: z.number() }),
  /** Whole tokens that are symbols of their own; results of earlier versions have none. */
  tokenSymbols: z.number().default(0),
  /** The share of the LM head's weights that a token without a doubt reads for its tail; null: every token is spelled. */
  tailShare: z.number().nullable().default(null),
  /** Null: it was not measured. */
  verdict: verdictSchema.nullable().default(null),
  /** The type in which the base model's weights came quantised, such as 'Q4_1'; null: they came as floats, or an earlier version ran. */
  source: z.string().nullable().default(null),
})
export type RunResult = z.infer<typeof runResultSchema>

/** What stands for tokens without a symbol: their spelling in characters or bytes, or in the tokenizer's pieces, or learned groups. */
const alphabetKindSchema = z.enum(['spelling', 'pieces', 'groups'])
export type AlphabetKind = z.infer<typeof alphabetKindSchema>

/** What another kind of alphabet brings, or would bring, compared with a finished run. */
const otherKindSchema = z.object({
  /** The fastest finished run of another kind of the same base model, in the same precision and on the same device. */
  measured: z
    .object({
      own: alphabetKindSchema,
      other: z.object({ id: runIdSchema, kind: alphabetKindSchema, speedup: z.number() }),
    })
    .nullable(),
  /** Groups, which nobody has tried yet, can be learnt from the run's own text, in about this many seconds; null: not known. */
  offer: z.object({ seconds: z.number().nullable() }).nullable(),
})
export type OtherKind = z.infer<typeof otherKindSchema>

/** How far a running job is; `rate` is in tokens a second, `secondsLeft` is of the phase. */
const progressSchema = z.object({
  phase: runPhaseSchema,
  done: z.number(),
  total: z.number(),
  rate: z.number().nullable(),
  secondsLeft: z.number().nullable(),
})
export type Progress = z.infer<typeof progressSchema>

/** What lists show of a run. */
const runSummarySchema = z.object({
  id: runIdSchema,
  folder: z.string(),
  status: runStatusSchema,
  /** ISO 8601; empty for a broken run. */
  created: z.string(),
  /** The base model's name for people, and its reference. */
  base: z.object({ name: z.string(), reference: z.string() }),
  settings: conversionSettingsViewSchema.nullable(),
  /** Steps taken and to take in all (null: not known yet). */
  step: z.int(),
  steps: z.int().nullable(),
  progress: progressSchema.nullable(),
  result: runResultSchema.nullable(),
  /** Why it failed or is broken. */
  problem: engineErrorSchema.nullable(),
  /** The loss at up to 48 moments, first to last. */
  sparkline: z.array(z.number()),
})
export type RunSummary = z.infer<typeof runSummarySchema>

/** One optimiser step. */
const stepPointSchema = z.object({
  step: z.int(),
  loss: z.number(),
  headAccuracy: z.array(z.number()),
  /** The adapter's. */
  learningRate: z.number(),
  gradientNorm: z.number(),
  tokensPerSecond: z.number(),
})
export type StepPoint = z.infer<typeof stepPointSchema>

/** A step of the tail for sampling; steps continue those of the first tail. */
const samplingPointSchema = z.object({ step: z.int(), divergence: z.number() })
export type SamplingPoint = z.infer<typeof samplingPointSchema>

const evaluationPointSchema = z.object({ step: z.int(), agreement: agreementSchema })
export type EvaluationPoint = z.infer<typeof evaluationPointSchema>

/** The same prompt continued greedily by base and SpeLLM while the run trains. */
const samplePointSchema = z.object({
  step: z.int(),
  prompt: z.string(),
  base: z.array(z.string()),
  spellm: z.array(z.string()),
})
export type SamplePoint = z.infer<typeof samplePointSchema>

export const logLineSchema = z.object({
  /** ISO 8601. */
  at: z.string(),
  level: z.enum(['info', 'warning', 'error']),
  message: z.string(),
})
export type LogLine = z.infer<typeof logLineSchema>

/** The curves of a run up to now, column by column; each column as long as `step`. */
const runHistorySchema = z.object({
  step: z.array(z.int()),
  loss: z.array(z.number()),
  learningRate: z.array(z.number()),
  gradientNorm: z.array(z.number()),
  tokensPerSecond: z.array(z.number()),
  /** Per head, at up to 500 moments: `headAccuracy[head][i]` belongs to `headStep[i]`. */
  headStep: z.array(z.int()),
  headAccuracy: z.array(z.array(z.number())),
  samplingStep: z.array(z.int()),
  divergence: z.array(z.number()),
  evaluations: z.array(evaluationPointSchema),
  samples: z.array(samplePointSchema),
  log: z.array(logLineSchema),
})
export type RunHistory = z.infer<typeof runHistorySchema>

/** What happens in a run. Steps come in bunches, ten times a second at most. */
const runEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('steps'), points: z.array(stepPointSchema) }),
  z.object({ type: z.literal('samplingSteps'), points: z.array(samplingPointSchema) }),
  z.object({ type: z.literal('evaluation'), point: evaluationPointSchema }),
  z.object({ type: z.literal('sample'), point: samplePointSchema }),
  z.object({ type: z.literal('log'), line: logLineSchema }),
])
export type RunEvent = z.infer<typeof runEventSchema>

/** A change of the list of runs. */
const runChangeSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('changed'), run: runSummarySchema }),
  z.object({ type: z.literal('removed'), id: runIdSchema }),
])
export type RunChange = z.infer<typeof runChangeSchema>

const byId = z.object({ id: runIdSchema })

export const runsContract = {
  list: procedure.output(z.array(runSummarySchema)),
  get: procedure.input(byId).output(runSummarySchema),
  /** Every change from now on; at most four a second for each run. */
  watch: procedure.output(eventIterator(runChangeSchema)),
  /** Defaults filled in, and what the run will take. */
  estimate: procedure
    .input(conversionRequestSchema)
    .output(z.object({ settings: conversionSettingsViewSchema, estimate: estimateSchema })),
  /** Queues a new run; its id is the name, made unique. */
  start: procedure
    .input(z.object({ name: runIdSchema, request: conversionRequestSchema }))
    .output(runSummarySchema),
  /** Saves a checkpoint and stops; a queued run leaves the queue. */
  pause: procedure.input(byId).output(runSummarySchema),
  /** Queues a paused, interrupted or failed run again. */
  resume: procedure.input(byId).output(runSummarySchema),
  /** Ends the training now and finishes with the weights so far: measures and saves the SpeLLM. */
  finishEarly: procedure.input(byId).output(runSummarySchema),
  /** What another kind of alphabet measured, or whether one can be tried on the run's text. */
  otherKind: procedure.input(byId).output(otherKindSchema),
  /** Queues a run with learned groups on the text of a finished one, all else the same. */
  learnGroups: procedure.input(byId).output(runSummarySchema),
  /** Stops the run if it is active and deletes its folder. */
  remove: procedure.input(byId).output(z.void()),
  /** The curves so far. */
  history: procedure.input(byId).output(runHistorySchema),
  /**
   * What happens after `afterStep` (the last step of a history): no step is missed or reported twice; evaluations and
   * samples of that very step may come again. Lines of the log come from now on, or those later than `afterLog`
   * (the `at` of a history's last line).
   */
  events: procedure
    .input(byId.extend({ afterStep: z.int().min(0), afterLog: z.string().max(40).optional() }))
    .output(eventIterator(runEventSchema)),
}
