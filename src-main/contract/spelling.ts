import { z } from 'zod'
import { procedure } from './errors.ts'
import { modelReferenceSchema } from './models.ts'
import { textSourceSchema } from './text.ts'

const spellingStatusSchema = z.enum(['covered', 'truncated', 'shadowed', 'uncovered', 'symbol'])
export type SpellingStatus = z.infer<typeof spellingStatusSchema>

/** Shares of tokens by status, together 1. */
const coverageSchema = z.object({
  covered: z.number(),
  truncated: z.number(),
  shadowed: z.number(),
  uncovered: z.number(),
  /** Token symbols, which need no spelling. */
  symbol: z.number(),
})
export type Coverage = z.infer<typeof coverageSchema>

/** What the heads spell in one step: a token, or up to a whole word of several. */
export const unitKinds = ['token', 'word'] as const
export const unitKindSchema = z.enum(unitKinds)
export type UnitKind = z.infer<typeof unitKindSchema>

/** What a spelling can do with a text's words. */
const wordCoverageSchema = z.object({
  words: z.int(),
  tokensPerWord: z.number(),
  /** Shares of the words, together 1. */
  covered: z.number(),
  truncated: z.number(),
  uncovered: z.number(),
  /** The maximum number of tokens that a step can emit on average. */
  tokensPerStep: z.number(),
})
export type WordCoverage = z.infer<typeof wordCoverageSchema>

/** How many whole tokens are symbols of their own: 'auto' (as many as save more than they read) or a number; 0: none. */
export const tokenSymbolsSchema = z.union([z.literal('auto'), z.int().min(0).max(1_000_000)])
export type TokenSymbols = z.infer<typeof tokenSymbolsSchema>

const kSchema = z.int().min(1).max(64)
/** auto, auto:N, ascii, latin1, bytes, pieces, pieces:N, characters:abc…, or with token symbols groups, groups:G, groups:G:N. */
const alphabetSpecificationSchema = z.string().min(1).max(100_000)

const spellingChoice = z.object({
  model: modelReferenceSchema,
  texts: textSourceSchema,
  k: kSchema,
  alphabet: alphabetSpecificationSchema,
  units: unitKindSchema.default('token'),
  /** Words are spelled without. */
  tokenSymbols: tokenSymbolsSchema.default(0),
})

const spelledTokenSchema = z.object({
  token: z.int(),
  /** What the token stands for; invalid UTF-8 is shown as �. */
  text: z.string(),
  /** Its spelling as shown to a person, without END. */
  symbols: z.array(z.string()),
  status: spellingStatusSchema,
})
export type SpelledToken = z.infer<typeof spelledTokenSchema>

const spellingPreviewSchema = z.object({
  /** A, with END and the special tokens, or OTHER where there are token symbols. */
  alphabetSize: z.int(),
  /** Learned groups of the tokens that have no symbol; which they hold is learnt by the run. 0: tokens are spelled. */
  groups: z.int(),
  /** Token symbols, the special tokens among them; 0: every token is spelled. */
  tokenSymbols: z.int(),
  /** The share of the LM head's weights that a token without a doubt reads for its tail; null: every token is spelled. */
  tailShare: z.number().nullable(),
  /** The first characters of the alphabet, for people; groups have none. */
  characters: z.array(z.string()),
  vocabulary: coverageSchema,
  corpus: coverageSchema,
  /** Coverage of the corpus' words; null where tokens are spelled or there is no corpus yet. */
  words: wordCoverageSchema.nullable(),
  /**
   * Share of the corpus's tokens (or words, where these are spelled) that is covered or a token symbol, for each alphabet
   * (row) and k from 1 (column).
   */
  heatmap: z.object({
    alphabets: z.array(z.object({ specification: z.string(), size: z.int() })),
    ks: z.array(z.int()),
    covered: z.array(z.array(z.number())),
  }),
  /** Tokens of the corpus that the choice can't write in full, the most frequent first. */
  problems: z.array(
    spelledTokenSchema.extend({
      count: z.int(),
      /** Share of the corpus's tokens. */
      share: z.number(),
      /** A stretch of the corpus around the token. */
      example: z.object({ before: z.string(), after: z.string() }),
    }),
  ),
  /** Elements of the tail that is to be trained, and of the LM head that it stands for. */
  parameters: z.object({ tail: z.number(), baseHead: z.number() }),
  /**
   * Tokens of the corpus that were counted: its beginning. 0 where the base model will write it itself: then each
   * token of the vocabulary that stands for text counts once.
   */
  countedTokens: z.int(),
})
export type SpellingPreview = z.infer<typeof spellingPreviewSchema>

export const spellingContract = {
  /** What a choice of k and alphabet covers. */
  preview: procedure.input(spellingChoice).output(spellingPreviewSchema),
  /** How a typed text would be spelled, token by token. */
  spell: procedure
    .input(spellingChoice.extend({ text: z.string().max(10_000) }))
    .output(z.array(spelledTokenSchema)),
}
