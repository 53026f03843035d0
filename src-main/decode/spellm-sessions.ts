import { createTrunkSession, type TrunkSession } from '../models/trunk-session.ts'
import type { SessionOptions } from '../runtime/session.ts'
import type { Speller } from '../spelling/speller.ts'
import type { Spellm } from './spellm.ts'
import {
  createTailSession,
  tailBits,
  tailOf,
  tailShape,
  type TailSession,
  type TailWeights,
} from './tail-session.ts'

/** What decides the shape and the numbers of a SpeLLM's tails. */
type TailSetting = Pick<Spellm, 'base' | 'precision' | 'speller' | 'adapterWidths'>

/** Loads a tail by itself, for states that another graph has computed. */
export async function createSpellmTail(
  { base, precision, speller, adapterWidths }: TailSetting,
  weights: TailWeights,
  session: SessionOptions,
): Promise<TailSession> {
  const shape = tailShape(base.architecture.hiddenSize, adapterWidths, speller)
  const bits = tailBits(precision, session.device ?? 'cpu')
  return createTailSession(shape, weights, speller, { ...session, ...bits })
}

/** A SpeLLM ready to read and to predict. */
export interface SpellmSessions {
  readonly trunk: TrunkSession
  readonly tail: TailSession
}

/**
 * Loads a SpeLLM's trunk, whose pass computes the tail too.
 *
 * @throws SpellmError as `createSession`
 */
export async function createSpellmSessions(
  spellm: TailSetting & Pick<Spellm, 'weights'>,
  session: SessionOptions,
): Promise<SpellmSessions> {
  const { base, precision, speller, adapterWidths, weights } = spellm
  const { bits } = tailBits(precision, session.device ?? 'cpu')
  const shape = tailShape(base.architecture.hiddenSize, adapterWidths, speller)
  const trunk = await createTrunkSession(base, { ...session, tail: tailOf(shape, weights, bits) })
  return { trunk, tail: joinedTail(speller, () => createSpellmTail(spellm, weights, session)) }
}

/** A tail that the trunk computes; for other states it is loaded when the first of them comes. */
function joinedTail(speller: Speller, load: () => Promise<TailSession>): TailSession {
  let alone: Promise<TailSession> | null = null
  return {
    speller,
    ending: 'tail',
    logProbabilities: async (hidden) => (await (alone ??= load())).logProbabilities(hidden),
    release: async () => (await alone)?.release(),
  }
}
