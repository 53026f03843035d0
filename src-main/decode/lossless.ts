import type { LastPosition, TrunkSession } from '../models/trunk-session.ts'
import { ownTurn } from '../runtime/turns.ts'
import type { Draft, Drafter, Verifier } from './drafter.ts'
import {
  prepareContext,
  readEach,
  readTokens,
  requirePrompt,
  type KvContext,
  type GenerateOptions,
  type GenerationEnd,
} from './generate.ts'
import type { Pace } from './pace.ts'
import { createPicker, type Picker } from './picker.ts'
import { verify } from './verify.ts'

/** Steps from one verification to the next, where nobody has measured what is best. */
export const usualSteps = 16

/** The longest time that a reader waits for something new, milliseconds. */
export const longestGap = 500

/** What a lossless generation uses. */
export interface LosslessParts {
  readonly trunk: TrunkSession
  /** null: nothing is drafted, and the base model's head says each token. */
  readonly drafter: Drafter | null
  readonly head: Verifier
  /** How the base model picks; new, and the drafter's, too. Default: the largest logit. */
  readonly picker?: Picker
  /** n: maximum number of states that one verification looks at; a word goes beyond. */
  readonly steps?: number
  /** Whether a text to stop at is complete with some tokens that follow what was given out. */
  readonly completesStop?: (pending: readonly number[]) => boolean
  /** Asked after each verification; from where it says no on, the text is written as base mode writes it. */
  readonly pace?: Pace
}

/** Nothing was drafted. */
const nothing: Draft = { tokens: [], isSure: false }

/**
 * Continues `prompt` as the base model does. The SpeLLM writes; where it is in doubt, and after n steps at the latest, the
 * base model's head looks at all states that are pending and the last one, in one reading of its weights. It confirms what was
 * written, or the text goes back to the first wrong token and continues with the base model's. At the last state its pick is
 * the token, so that no pass of the trunk is lost to a doubt. What nobody has confirmed is not given out: the first token, an
 * end token and what completes a text to stop at are verified at once, and so is what would keep a reader waiting.
 *
 * Greedily or drawn, each token is what base mode would pick after the same text, with the same luck (`createPicker`): the
 * whole text is base mode's.
 *
 * @returns why it ended
 * @throws RangeError for an empty prompt or one longer than the context
 */
export async function* generateLossless(
  parts: LosslessParts,
  kvContext: KvContext,
  prompt: readonly number[],
  options: GenerateOptions,
): AsyncGenerator<number, GenerationEnd> {
  const { maxTokens, stopTokens, contextLength, signal, turn = ownTurn } = options
  requirePrompt(prompt, contextLength)
  if (maxTokens === 0) return 'length'
  const text = await createPendingText(parts, kvContext, prompt, options)
  let count = 0
  for (;;) {
    if (signal?.aborted) return 'cancelled'
    const standing = await turn(() => text.step(count))
    for (const token of standing) {
      if (stopTokens.includes(token)) return 'stop'
      yield token
      if (++count === maxTokens) return 'length'
      // In a full context the next token can't be read.
      if (prompt.length + count > contextLength) return 'context'
    }
    if (standing.length > 0) await text.goOn()
  }
}

/** A text whose end nobody has confirmed yet. */
interface PendingText {
  /** Reads what is left to read and writes a token, or verifies. @returns the tokens that stand now, given `count` before */
  step(count: number): Promise<readonly number[]>
  /** What stands was given out: where the text went back, the cache does, too. */
  goOn(): Promise<void>
}

async function createPendingText(
  { trunk, drafter, head, picker = createPicker(null), steps = usualSteps, ...parts }: LosslessParts,
  kvContext: KvContext,
  prompt: readonly number[],
  { maxTokens, stopTokens, contextLength, turn = ownTurn }: GenerateOptions,
): Promise<PendingText> {
  picker.begin(prompt)
  let drafting = drafter
  const asked = () => drafting ?? 'none'
  let read: () => Promise<LastPosition> = await prepareContext(trunk, kvContext, prompt, asked(), turn)
  const pending = createPending(picker)
  /** The text, where it went back. */
  let goneBack: readonly number[] | null = null
  let isPromptRead = false
  let confirmed = performance.now()

  /** A token that was written, and those of its word that follow. */
  const readNext = (token: number, rest: readonly number[]) => {
    if (rest.length === 0) return () => readTokens(trunk, kvContext, [token], asked())
    return async () => {
      const word = await readEach(trunk, kvContext, [token, ...rest])
      rest.forEach((next, i) => pending.add(next, word[i]!))
      return { hidden: word.at(-1)! }
    }
  }
  const canWait = ({ tokens: [token], isSure }: Draft, count: number, started: number) => {
    if (!isSure || token === undefined || count === 0) return false
    if (pending.tokens.length + 1 >= steps || count + pending.tokens.length + 1 >= maxTokens) return false
    if (kvContext.tokens.length === contextLength || stopTokens.includes(token)) return false
    const now = performance.now()
    if (now - confirmed + (now - started) > longestGap) return false
    return parts.completesStop?.([...pending.tokens, token]) !== true
  }
  /** The part of a word that there is room to read. */
  const restOf = ({ tokens }: Draft, count: number) =>
    tokens.slice(1, Math.min(maxTokens - count - 1, contextLength - kvContext.tokens.length))
  const draftNext = async () => {
    const started = performance.now()
    const state = await read()
    if (!drafting) return { state, draft: nothing, started }
    const passed = performance.now()
    const draft = await drafting.draft(state, kvContext.tokens.length)
    if (isPromptRead) parts.pace?.stepped(passed - started, performance.now() - passed)
    isPromptRead = true
    return { state, draft, started }
  }

  const confirm = async (draft: Draft, hidden: Float32Array, count: number) => {
    const drafted = pending.tokens.length
    const place = kvContext.tokens.length - drafted
    const started = performance.now()
    const standing = await pending.verify(head, hidden, place)
    const took = performance.now() - started
    if (drafting && parts.pace?.isWorthwhile(standing.length, drafted + 1, took) === false) drafting = null
    const last = standing.at(-1)!
    if (standing.length > drafted) {
      const rest = last === draft.tokens[0] ? restOf(draft, count + standing.length - 1) : []
      read = readNext(last, rest)
    } else goneBack = [...kvContext.tokens.slice(0, place + standing.length - 1), last]
    return standing
  }

  return {
    step: async (count) => {
      const { state, draft, started } = await draftNext()
      if (canWait(draft, count, started)) {
        const token = draft.tokens[0]!
        const rest = restOf(draft, count + pending.tokens.length)
        pending.add(token, state.hidden)
        read = readNext(token, rest)
        return []
      }
      return confirm(draft, state.hidden, count)
    },
    goOn: async () => {
      confirmed = performance.now()
      if (goneBack) read = await prepareContext(trunk, kvContext, goneBack, asked(), turn)
      goneBack = null
    },
  }
}

/** Tokens that nobody has confirmed, each with the state that it was written after. */
function createPending(picker: Picker) {
  let tokens: number[] = []
  let states: Float32Array[] = []
  return {
    get tokens(): readonly number[] {
      return tokens
    },
    add: (token: number, hidden: Float32Array) => {
      tokens.push(token)
      states.push(hidden)
      picker.add(token)
    },
    /**
     * Looks at them and at the state after them; none is pending any more.
     *
     * @param place of the first of them in the text
     * @returns the tokens that stand
     */
    verify: async (head: Verifier, hidden: Float32Array, place: number) => {
      for (const token of tokens) picker.remove(token)
      const standing = await verify(head, picker, { states: [...states, hidden], tokens, place })
      for (const token of standing) picker.add(token)
      tokens = []
      states = []
      return standing
    },
  }
}
