import { eventIterator } from '@orpc/contract'
import { z } from 'zod'
import { consoleSourceSchema, modeNumbersSchema } from './console.ts'
import { procedure } from './errors.ts'
import { spellmModes, spellmModeSchema } from './modes.ts'
import { precisionSchema } from './precision.ts'

const benchmarkRequestSchema = z.object({
  source: consoleSourceSchema,
  /** The modes to measure in addition to the base model. */
  modes: z.array(spellmModeSchema).max(8),
  /** Null: as the SpeLLM has learnt, or as stored. */
  precision: precisionSchema.nullable(),
  /** Tokens in the cache, ascending. */
  contexts: z.array(z.int().min(1).max(1_000_000)).min(1).max(8),
  /** Tokens that are measured at each context. */
  steps: z.int().min(5).max(1_000),
  ...modeNumbersSchema.shape,
})
export type BenchmarkRequest = z.infer<typeof benchmarkRequestSchema>

const milliseconds = z.number()

/** docs/benchmark.md says what each field is. */
const modeCostSchema = z.object({
  mode: z.enum(['base', 'gated', 'trie', 'free']),
  milliseconds,
  trunk: milliseconds,
  head: milliseconds,
  tail: milliseconds,
  search: milliseconds,
  reduction: z.number(),
  /** null: the head took no time beyond the noise. */
  shareOfLimit: z.number().nullable(),
  bytes: z.number(),
  bandwidthShare: z.number(),
})
export type ModeCost = z.infer<typeof modeCostSchema>

const anyMode = z.enum(['base', ...spellmModes])

const planSchema = z.object({
  threshold: z.number(),
  steps: z.int(),
  lossless: z.number(),
  int8Alone: z.number().nullable(),
  costs: z.object({
    trunk: milliseconds,
    tail: milliseconds,
    head: z.array(z.object({ rows: z.int(), milliseconds })),
    verifier: z.enum(['own', 'int8']),
    baseHead: milliseconds,
  }),
})

const modeTextsSchema = z.object({
  mode: anyMode,
  msPerToken: milliseconds.nullable(),
  msPerTokenError: milliseconds.nullable(),
  speedup: z.number().nullable(),
  speedupQuartiles: z.tuple([z.number(), z.number()]).readonly().nullable(),
  speedupError: z.number().nullable(),
  texts: z.int(),
  tokens: z.int(),
  identicalTexts: z.int(),
  trunkPasses: z.number(),
  headPasses: z.number(),
  rows: z.number(),
  baseAlone: z.int(),
})

const peerSchema = z.object({ name: z.string(), milliseconds }).nullable()

const writtenContextSchema = z.object({
  context: z.int(),
  promptTokens: z.number(),
  modes: z.array(modeTextsSchema).readonly(),
  plan: planSchema.nullable(),
  peer: peerSchema,
})
export type WrittenContext = z.infer<typeof writtenContextSchema>

const modeSpeedSchema = z.object({
  ...modeTextsSchema.partial().shape,
  mode: anyMode,
  msPerToken: milliseconds.nullable(),
  speedup: z.number().nullable(),
  plan: planSchema.nullable().optional(),
})

const benchmarkSchema = z.object({
  precision: precisionSchema,
  /** The type in which the base model's weights came quantised, such as 'Q4_1'; null: they came as floats. */
  source: z.string().nullable(),
  isTrained: z.boolean(),
  threads: z.int().nullable(),
  candidates: z.int(),
  gateShare: z.number(),
  bandwidth: z.number(),
  weightBytes: z.object({ trunk: z.number(), head: z.number(), headRow: z.number(), tail: z.number() }),
  peakMemoryBytes: z.number(),
  /** At the shortest context: the base model's, then those of the modes. */
  modes: z.array(modeSpeedSchema).readonly(),
  /** Part by part; none of a SpeLLM with token symbols. */
  contexts: z.array(
    z.object({
      context: z.int(),
      keyValueBytes: z.number(),
      limit: z.number(),
      /** The base model, then the modes. */
      modes: z.array(modeCostSchema),
      peer: peerSchema,
      parts: z.record(z.string(), z.number().nullable()),
    }),
  ),
  text: z
    .object({
      tokens: z.int(),
      base: milliseconds,
      lossless: milliseconds,
      reduction: z.number(),
      tokensPerHeadPass: z.number(),
    })
    .nullable(),
  /** The times of texts that a SpeLLM with token symbols wrote; null: another model. */
  written: z
    .object({ prompts: z.enum(['chat', 'document']), contexts: z.array(writtenContextSchema).readonly() })
    .nullable(),
})
export type Benchmark = z.infer<typeof benchmarkSchema>

const benchmarkEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    stage: z.enum(['opening', 'quantising', 'measuring']),
    done: z.int(),
    /** 0: not known. */
    total: z.int(),
  }),
  z.object({
    type: z.literal('end'),
    result: benchmarkSchema,
    /** The same for people. */ markdown: z.string(),
  }),
])
export type BenchmarkEvent = z.infer<typeof benchmarkEventSchema>

export const benchmarkContract = {
  /** Measures what a token costs on the CPU, one benchmark at a time. Ends when the caller stops listening. */
  run: procedure.input(benchmarkRequestSchema).output(eventIterator(benchmarkEventSchema)),
}
