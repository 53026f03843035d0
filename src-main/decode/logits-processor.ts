import { SpellmError } from '../base/errors.ts'
import type { Sampling } from './sampling.ts'

/** A bias from here down is a ban: the token's score is −∞, whatever its logit. */
export const banBias = -100

/**
 * What a text's settings make of logits before anything is picked, and what it has counted of the text for that. A token's score
 * depends on its own logit, the settings and the text alone, so that it is the same whether all logits are there or some.
 */
export interface LogitsProcessor {
  /** Whether every score is the logit as it is, whatever the text. */
  readonly isIdle: boolean
  /** Tokens with a logit bias of their own, bans included: what nobody has learnt knows of them. */
  readonly biased: readonly number[]
  /** How many of them are banned. */
  readonly bans: number
  /** Whether a token's score may become larger than its logit because the text has it. */
  readonly raisesRepeated: boolean
  /** Whether a token's score is another than its logit now. */
  changes(token: number): boolean
  /** All of those. */
  changed(): Set<number>
  /** Whether a token is never picked. */
  isBanned(token: number): boolean
  /** Counts the prompt; once, before anything is written. */
  begin(prompt: readonly number[]): void
  /** Counts a token that was written. */
  add(token: number): void
  /** Takes back one `add` of a token. */
  remove(token: number): void
  /**
   * Scores of logits: plus the bias; then, of a token that the prompt or the text has, divided by the repetition penalty where
   * positive and else multiplied by it; then less the presence penalty, once, and the frequency penalty for each time, of a
   * token that was written. That is the order of vLLM and llama.cpp, and of OpenAI and transformers for what those have.
   *
   * @param tokens each logit's; null: its index
   * @returns the same array where nothing changes
   */
  apply(logits: Float32Array, tokens: ArrayLike<number> | null): Float32Array
}

/** A processor for a text that has no tokens yet. */
export function createLogitsProcessor(sampling: Sampling | null): LogitsProcessor {
  const { repetitionPenalty = 1, presencePenalty = 0, frequencyPenalty = 0 } = sampling ?? {}
  const biases = new Map(
    (sampling?.logitBias ?? []).map(([token, bias]) => [token, bias <= banBias ? -Infinity : bias]),
  )
  const prompt = new Set<number>()
  const written = new Map<number, number>()
  const isRepetitive = repetitionPenalty !== 1
  const isCounted = presencePenalty !== 0 || frequencyPenalty !== 0
  const isIdle = biases.size === 0 && !isRepetitive && !isCounted
  // Thousands of tokens are asked for at each step, and few of them are changed.
  let flags = new Uint8Array(0)
  const mark = (token: number) => {
    if (isIdle) return
    if (token >= flags.length) {
      const larger = new Uint8Array(2 * token + 1)
      larger.set(flags)
      flags = larger
    }
    const isChanged =
      biases.has(token) ||
      ((isRepetitive || isCounted) && written.has(token)) ||
      (isRepetitive && prompt.has(token))
    flags[token] = Number(isChanged)
  }
  for (const token of biases.keys()) mark(token)
  const changes = (token: number) => flags[token] === 1
  const changed = () => new Set([...biases.keys(), ...prompt, ...written.keys()].filter(changes))
  const scoreOf = (logit: number, token: number) => {
    let score = logit + (biases.get(token) ?? 0)
    const times = written.get(token) ?? 0
    if (isRepetitive && (times > 0 || prompt.has(token)))
      score = score > 0 ? score / repetitionPenalty : score * repetitionPenalty
    return times === 0 ? score : score - presencePenalty - frequencyPenalty * times
  }
  const isBanned = (token: number) => biases.get(token) === -Infinity
  return {
    isIdle,
    biased: [...biases.keys()],
    bans: [...biases.keys()].filter(isBanned).length,
    raisesRepeated: repetitionPenalty < 1 || presencePenalty < 0 || frequencyPenalty < 0,
    changes,
    changed,
    isBanned,
    begin: (tokens) => {
      for (const token of tokens) {
        prompt.add(token)
        mark(token)
      }
    },
    add: (token) => {
      written.set(token, (written.get(token) ?? 0) + 1)
      mark(token)
    },
    remove: (token) => {
      const left = (written.get(token) ?? 0) - 1
      if (left > 0) written.set(token, left)
      else written.delete(token)
      mark(token)
    },
    apply: (logits, tokens) => {
      if (isIdle) return logits
      const scores = logits.slice()
      if (tokens !== null) {
        for (let i = 0; i < scores.length; i++)
          if (changes(tokens[i]!)) scores[i] = scoreOf(logits[i]!, tokens[i]!)
        return scores
      }
      for (const token of changed()) if (token < scores.length) scores[token] = scoreOf(logits[token]!, token)
      return scores
    },
  }
}

/** The error of a step that has nothing to pick. */
export function nothingLeft(): SpellmError {
  return new SpellmError(
    'setting-invalid',
    'No token is left to write: the logit bias bans all that could come next.',
    'Ban fewer tokens.',
  )
}
