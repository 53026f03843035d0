import { SpellmError } from '../base/errors.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { Architecture } from '../models/architecture.ts'
import type { BaseModel } from '../models/base-model.ts'
import type { TrunkSession } from '../models/trunk-session.ts'
import type { Turn } from '../runtime/turns.ts'
import { defaultGateShare } from './calibrate-gate.ts'
import { watchedTrunk, type DecodeHooks } from './decode-hooks.ts'
import { generate, type KvContext, type GenerationEnd } from './generate.ts'
import { generateLossless } from './lossless.ts'
import type { GenerationMode, ModeParts } from './mode-parts.ts'
import { defaultCandidates } from './shortlist.ts'
import { stopPosition } from './stop-texts.ts'
import type { Sampling } from './sampling.ts'

export interface TextOptions extends DecodeHooks {
  readonly mode: GenerationMode
  /** The n of trie(n): spelled tokens that are scored by their rows of the LM head; 0: by their spelling. Default: 8. */
  readonly candidates?: number
  /** The share of steps that gated mode gives to the base model's head, 0 to 1. */
  readonly gateShare?: number
  /** null: greedy. */
  readonly sampling: Sampling | null
  readonly maxTokens: number
  /** Generation ends where one of these texts would begin. */
  readonly stop: readonly string[]
  readonly signal?: AbortSignal
  /** Shares the engine's thread: each step computes in a turn of its own. */
  readonly turn?: Turn
}

/** A piece of generated text: what became complete with one more token, or at the end without one (null). */
export interface TextPiece {
  readonly token: number | null
  readonly text: string
}

/** What a text is written with. */
export interface TextParts {
  readonly base: BaseModel
  readonly tokenizer: Tokenizer
  readonly trunk: TrunkSession
  readonly parts: ModeParts
}

/**
 * Continues a text of tokens, and gives out what becomes complete.
 *
 * @returns why it ended; 'stop' also before a stop text
 * @throws SpellmError 'setting-invalid' for a prompt that the context can't hold, a mode or tokens that the model doesn't have,
 *   and where every token is banned
 */
export async function* writeText(
  { base, tokenizer, trunk, parts }: TextParts,
  ids: readonly number[],
  kvContext: KvContext,
  options: TextOptions,
): AsyncGenerator<TextPiece, GenerationEnd> {
  requireFitting(ids, base.architecture)
  requireOwnTokens(options.sampling, base.architecture)
  const { mode, sampling, turn, candidates = defaultCandidates, gateShare = defaultGateShare } = options
  const read = options.onTrunkPass ? watchedTrunk(trunk, options.onTrunkPass) : trunk
  // A text of nothing begins everywhere.
  const stop = options.stop.filter((text) => text !== '')
  const stream = tokenizer.createTextStream(ids)
  const { stopTokens, architecture } = base
  const limits = { ...options, stopTokens, contextLength: architecture.contextLength }
  /** What is there of the text but not given out, since a stop text may begin with it. */
  let held = ''
  const completesStop = (pending: readonly number[]) =>
    stop.length > 0 && stopPosition(held + tokenizer.decodeContinuation(pending), stop).isComplete
  const tokens =
    mode === 'lossless'
      ? generateLossless(
          {
            ...(await parts.lossless(read, { sampling, context: ids.length, turn }, options)),
            completesStop,
          },
          kvContext,
          ids,
          limits,
        )
      : generate(
          read,
          await parts.chooser(mode, { sampling, candidates, gateShare }, options),
          kvContext,
          ids,
          limits,
        )
  let next = await tokens.next()
  for (; next.done !== true; next = await tokens.next()) {
    held += stream.push(next.value)
    const end = stopPosition(held, stop)
    const text = held.slice(0, end.index)
    held = held.slice(end.index)
    yield { token: next.value, text }
    if (end.isComplete) return 'stop'
  }
  const rest = held + stream.flush()
  if (rest !== '') yield { token: null, text: rest }
  return next.value
}

/** Throws SpellmError 'setting-invalid' for a text that a model can't hold, or tokens that it doesn't have. */
export function requireFitting(
  ids: readonly number[],
  { contextLength, vocabularySize }: Architecture,
): void {
  if (ids.length === 0 || ids.length > contextLength)
    throw new SpellmError(
      'setting-invalid',
      `The prompt has ${ids.length} tokens; the model takes 1 to ${contextLength}.`,
      'Give a prompt of that length.',
    )
  const unknown = ids.find((token) => token >= vocabularySize)
  if (unknown !== undefined)
    throw new SpellmError(
      'setting-invalid',
      `The context has token ${unknown}; the model has ${vocabularySize}.`,
      'Give tokens of this model.',
    )
}

/** Throws SpellmError 'setting-invalid' for a logit bias of a token that a model doesn't have. */
function requireOwnTokens(sampling: Sampling | null, { vocabularySize }: Architecture): void {
  const unknown = sampling?.logitBias?.find(([token]) => token >= vocabularySize)
  if (unknown)
    throw new SpellmError(
      'setting-invalid',
      `The logit bias names token ${unknown[0]}; the model has ${vocabularySize}.`,
      'Give tokens of this model.',
    )
}
