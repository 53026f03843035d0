import { createTrunkSession, type TailHead, type TrunkSession } from '../models/trunk-session.ts'
import type { HeadRows } from '../models/head-rows.ts'
import type { SessionOptions } from '../runtime/session.ts'
import type { Speller } from '../spelling/speller.ts'
import type { Spellm } from './spellm.ts'
import { symbolTailOf } from './symbol-tail-session.ts'
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
  /** The tail for sampling, where there is one. */
  readonly samplingTail: TailSession | null
}

/**
 * Loads a SpeLLM's trunk, whose pass computes a tail too.
 *
 * @throws SpellmError as `createSession`
 */
export async function createSpellmSessions(
  spellm: TailSetting & Pick<Spellm, 'weights'> & Partial<Pick<Spellm, 'samplingWeights'>>,
  session: SessionOptions,
): Promise<SpellmSessions> {
  const { base, precision, speller, adapterWidths, weights, samplingWeights = null } = spellm
  const { bits } = tailBits(precision, session.device ?? 'cpu')
  const shape = tailShape(base.architecture.hiddenSize, adapterWidths, speller)
  const trunk = await createTrunkSession(base, {
    ...session,
    tails: {
      tail: tailOf(shape, weights, bits),
      ...(samplingWeights ? { samplingTail: tailOf(shape, samplingWeights, bits) } : {}),
    },
  })
  const joined = (outputHead: TailHead, own: TailWeights) =>
    lazyTail(speller, outputHead, () => createSpellmTail(spellm, own, session))
  return {
    trunk,
    tail: joined('tail', weights),
    samplingTail: samplingWeights && joined('samplingTail', samplingWeights),
  }
}

/**
 * Loads the trunk of a SpeLLM with token symbols, whose pass computes first scores and spellings.
 *
 * @param rows of the LM head of the same base model
 * @throws SpellmError as `createSession`
 */
export async function createSymbolTrunk(
  {
    base,
    precision,
    speller,
    adapterWidths,
    anchor,
    weights,
  }: TailSetting & Pick<Spellm, 'anchor' | 'weights'>,
  rows: Pick<HeadRows, 'gather'>,
  session: SessionOptions,
): Promise<TrunkSession> {
  const symbolTail = symbolTailOf({
    shape: tailShape(base.architecture.hiddenSize, adapterWidths, speller, anchor),
    weights,
    tokenSymbols: speller.alphabet.tokenSymbols ?? [],
    rows,
    architecture: base.architecture,
    ...tailBits(precision, session.device ?? 'cpu'),
  })
  return createTrunkSession(base, { ...session, symbolTail })
}

/** A tail that is loaded when it is first asked for a state that the trunk's pass did not compute it for. */
export function lazyTail(
  speller: Speller,
  outputHead: TailSession['outputHead'],
  load: () => Promise<TailSession>,
): TailSession {
  let alone: Promise<TailSession> | null = null
  return {
    speller,
    outputHead,
    logProbabilities: async (hidden) => (await (alone ??= load())).logProbabilities(hidden),
    release: async () => (await alone)?.release(),
  }
}
