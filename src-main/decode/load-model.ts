import type { BaseModel } from '../models/base-model.ts'
import { createBatchTrunk } from '../models/batch-trunk.ts'
import { openHeadRows, type HeadRows } from '../models/head-rows.ts'
import { createRowLogits, type RowLogits } from '../models/row-logits.ts'
import { createTrunkSession, type TrunkSession } from '../models/trunk-session.ts'
import type { SessionOptions } from '../runtime/session.ts'
import {
  createSpellmSessions,
  createSpellmTail,
  createSymbolTrunk,
  lazyTail,
} from '../spellm/spellm-sessions.ts'
import { hasTokenSymbols, type Spellm } from '../spellm/spellm.ts'
import type { TailSession } from '../spellm/tail-session.ts'
import { createBaseHead, type BaseHead } from './chooser.ts'
import { createNearFinder, type FindNear } from './near-logits.ts'
import { createInt8Verifier, type Int8Verifier } from './int8-verifier.ts'
import { oneAfterAnother, shareTrunk, type ForEachText } from './batched-generation.ts'
import { withValidTokens } from './valid-tokens.ts'
import { createVerifyingHead } from './verifying-head.ts'
import type { WholeHead } from './whole-head.ts'

/** What a generator computes with. */
export interface LoadedModel {
  readonly trunk: TrunkSession
  readonly forEachText: ForEachText
  /** A tail that spells every token; null for a base model alone, and with token symbols. */
  readonly tail: TailSession | null
  /** The tail for sampling, where there is one. */
  readonly samplingTail: TailSession | null
  /** Loaded when it is first asked for. */
  head(): Promise<WholeHead>
  /** The same head in int8, where that is possible. */
  readonly int8: Int8Verifier
  /** Finds the largest of all logits. */
  readonly findNear: FindNear
  /** Opened when they are first asked for. */
  rows(): HeadRows
  /** What scores the members of learned groups, loaded when it is first asked. */
  readonly rowLogits: RowLogits
  release(): Promise<void>
}

export interface LoadSettings {
  /** Texts that are written side by side. */
  readonly texts: number
  /** Number of tokens of the tokenizer: rows of the head beyond them are padding. */
  readonly validTokens: number
  /** Called before the head is loaded; may refuse. */
  readonly beforeHead: () => Promise<void>
  /** Whether the given number of bytes of memory is free. */
  readonly isFree: (bytes: number) => Promise<boolean>
}

/**
 * Loads a base model, or its SpeLLM with it.
 *
 * @throws SpellmError as `createSession`, and what `beforeHead` throws
 */
export async function loadModel(
  base: BaseModel,
  spellm: Spellm | null,
  { texts, beforeHead, isFree, ...settings }: LoadSettings,
  session: SessionOptions,
): Promise<LoadedModel> {
  const validTokens = Math.min(settings.validTokens, base.architecture.vocabularySize)
  let opened: HeadRows | null = null
  const rows = () => (opened ??= openHeadRows(base))
  const rowLogits = createRowLogits(base)
  const own = spellm && { ...spellm, base }
  const isShared = own !== null && texts > 1 && !hasTokenSymbols(own)
  const parts = isShared
    ? await loadForTexts(own, { texts, validTokens }, session)
    : await loadForOneText(base, own, { rows, validTokens }, session)
  const { trunk, tail, samplingTail, forEachText } = parts
  const { hiddenSize } = base.architecture
  const { device, threads } = session
  let head = parts.head && wholeHead(parts.head, hiddenSize)
  let loading: Promise<WholeHead> | null = null
  const load = async () => {
    await beforeHead()
    const verifying = await createVerifyingHead(base, {
      validTokens,
      ...(device ? { device } : {}),
      ...(threads === undefined ? {} : { threads }),
    })
    head = {
      hiddenSize,
      choices: (hidden) => verifying.choices(hidden),
      logits: (hidden) => verifying.logits(hidden),
      greedy: async (hidden) => (await verifying.choices(hidden))[0]!,
      greedyRows: (hidden) => verifying.choices(hidden),
      get rescored() {
        return verifying.rescored
      },
      release: () => verifying.release(),
    }
    return head
  }
  const ownHead = async () => {
    if (head) return head
    loading ??= load().finally(() => (loading = null))
    return loading
  }
  const int8 = createInt8Verifier(base, {
    validTokens,
    device: device ?? 'cpu',
    threads,
    isFree,
    ownHead,
    typicalStates: () => madeUpStates(trunk, base),
  })
  const near = createNearFinder()
  return {
    trunk,
    tail,
    samplingTail,
    forEachText,
    findNear: (logits, temperature) => near.find(logits, temperature),
    rows,
    rowLogits,
    head: ownHead,
    int8,
    release: async () => {
      await trunk.release()
      await tail?.release()
      await samplingTail?.release()
      await int8.release()
      await near.release()
      await rowLogits.release()
      await head?.release()
      opened?.close()
    },
  }
}

/** Tokens of a text that nobody wrote: where the largest numbers of a state are doesn't depend on the text. */
const madeUpTokens = 32

/** States after tokens from all over the vocabulary, float32 [states · d]. */
async function madeUpStates(
  trunk: TrunkSession,
  { architecture: { vocabularySize, contextLength } }: BaseModel,
): Promise<Float32Array> {
  const count = Math.min(madeUpTokens, contextLength)
  const cache = trunk.createCache()
  try {
    return await trunk.forward(
      Int32Array.from({ length: count }, (_, i) => Math.floor((i * vocabularySize) / count)),
      cache,
    )
  } finally {
    cache.release()
  }
}

const wholeHead = (head: BaseHead, hiddenSize: number): WholeHead => ({
  ...head,
  hiddenSize,
  choices: (hidden) => head.greedyRows(hidden),
  rescored: 0,
})

/** What is loaded at once. */
type Parts = Pick<LoadedModel, 'trunk' | 'forEachText' | 'tail' | 'samplingTail'> & {
  /** null: it is loaded when it is first asked for. */
  readonly head: BaseHead | null
}

async function loadForOneText(
  base: BaseModel,
  spellm: Spellm | null,
  { rows, validTokens }: Pick<LoadedModel, 'rows'> & Pick<LoadSettings, 'validTokens'>,
  session: SessionOptions,
): Promise<Parts> {
  const trunkAlone = (trunk: TrunkSession) => ({ trunk, tail: null, samplingTail: null })
  const load = async () => {
    if (!spellm) {
      const whole = await createTrunkSession(base, { ...session, hasHead: true })
      return trunkAlone(withValidTokens(whole, validTokens))
    }
    if (hasTokenSymbols(spellm)) return trunkAlone(await createSymbolTrunk(spellm, rows(), session))
    return createSpellmSessions(spellm, session)
  }
  const { trunk, tail, samplingTail } = await load()
  return { trunk, tail, samplingTail, head: null, forEachText: oneAfterAnother(trunk) }
}

async function loadForTexts(
  spellm: Spellm,
  { texts, validTokens }: Pick<LoadSettings, 'texts' | 'validTokens'>,
  session: SessionOptions,
): Promise<Parts> {
  const { speller, weights, samplingWeights } = spellm
  const tail = await createSpellmTail(spellm, weights, session)
  const samplingTail =
    samplingWeights && lazyTail(speller, 'none', () => createSpellmTail(spellm, samplingWeights, session))
  const head = await createBaseHead(spellm.base, { ...session, validTokens, prepack: true })
  return { ...shareTrunk(await createBatchTrunk(spellm.base, texts, session), { tail, head }), samplingTail }
}
