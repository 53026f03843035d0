import { z } from 'zod'
import { deviceSchema } from '../runtime/devices/device.ts'
import { unitKinds } from '../spelling/words.ts'
import { decodeModes } from '../spellm/decode-modes.ts'

const coverageSchema = z.object({
  covered: z.number(),
  truncated: z.number(),
  shadowed: z.number(),
  uncovered: z.number(),
  symbol: z.number().default(0),
})

const wordCoverageSchema = z.object({
  words: z.number(),
  tokensPerWord: z.number(),
  covered: z.number(),
  truncated: z.number(),
  uncovered: z.number(),
  tokensPerStep: z.number(),
})

/** What a SpeLLM gains on the machine that converted it, in the mode that it decodes in. */
const verdictSchema = z.object({
  mode: z.enum(decodeModes),
  /** The base model's time a token over its own, the median of some texts; null: they were too short to tell. */
  speedup: z.number().nullable(),
  /** Whether all of these texts were the base model's. */
  sameText: z.boolean(),
})
export type Verdict = z.infer<typeof verdictSchema>

/** What a finished conversion says of itself. */
export const conversionResultSchema = z.object({
  agreement: z.object({ trie: z.number(), free: z.number(), positions: z.number() }),
  /** Null in results of versions that knew of one device only. */
  device: deviceSchema.nullable().default(null),
  /** Tokens learnt from, without the held-out ones. */
  tokens: z.number(),
  steps: z.number(),
  /** Over all sessions of the run, as far as their checkpoints tell. */
  seconds: z.number(),
  /**
   * Of these, for the text with its states and the answers to measure by: what another run saves that learns from the same.
   * Null: every token is spelled, or an earlier version ran.
   */
  textSeconds: z.number().nullable().default(null),
  k: z.number(),
  alphabetSize: z.number(),
  loss: z.number(),
  headAccuracy: z.array(z.number()),
  /** The tail for sampling: its last loss, the divergence from the base model in nats. Null: there is none. */
  samplingTail: z.object({ steps: z.number(), divergence: z.number() }).nullable().default(null),
  coverage: z.object({ vocabulary: coverageSchema, corpus: coverageSchema }),
  units: z.enum(unitKinds).default('token'),
  /** Coverage of the text's words, where words are spelled. */
  words: wordCoverageSchema.nullable().default(null),
  parameters: z.object({ tail: z.number(), baseHead: z.number() }),
  /** Whole tokens that are symbols of their own. */
  tokenSymbols: z.number().default(0),
  /** Learned groups of the tokens that have no symbol; 0: those are spelled. */
  groups: z.number().default(0),
  /** The share of the LM head's weights that a token without a doubt reads for its tail; null: every token is spelled. */
  tailShare: z.number().nullable().default(null),
  /** Null: it was not measured. */
  verdict: verdictSchema.nullable().default(null),
  /** The type in which the base model's weights came quantised, such as 'Q4_1'; null: they came as floats, or an earlier version ran. */
  source: z.string().nullable().default(null),
})
export type ConversionResult = z.infer<typeof conversionResultSchema>
