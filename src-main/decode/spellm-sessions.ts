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
 * Loads a SpeLLM's trunk and tail. The trunk's pass computes the tail too, which is faster, unless the trunk's weights
 * are used on the CPU as they are stored: they are not packed at load then (`SessionOptions.prepack`), and products of
 * the tail's integers without that take ten times as long.
 *
 * @throws SpellmError as `createSession`
 */
export async function createSpellmSessions(
  spellm: TailSetting & Pick<Spellm, 'weights'>,
  session: SessionOptions,
): Promise<SpellmSessions> {
  const { base, precision, speller, adapterWidths, weights } = spellm
  const { bits } = tailBits(precision, session.device ?? 'cpu')
  const isJoined = bits === undefined || base.weights.isQuantized
  const shape = tailShape(base.architecture.hiddenSize, adapterWidths, speller)
  const trunk = await createTrunkSession(base, {
    ...session,
    tail: isJoined ? tailOf(shape, weights, bits) : undefined,
  })
  const load = () => createSpellmTail(spellm, weights, session)
  return { trunk, tail: isJoined ? joinedTail(speller, load) : await load() }
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
