import { defaultGateShare } from '../decode/calibrate-gate.ts'
import { createBaseHead } from '../decode/chooser.ts'
import { decoderSize } from '../decode/decoder-size.ts'
import { openHeadRows } from '../models/head-rows.ts'
import { createTrunkSession } from '../models/trunk-session.ts'
import { blockBytes, generationBytes, headBytes, processBytes } from '../runtime/memory/estimate.ts'
import { deviceMemory, requireMemory } from '../runtime/memory/require-memory.ts'
import type { Turn } from '../runtime/turns.ts'
import type { DecodeMode } from '../spellm/decode-modes.ts'
import { thresholdOf } from '../spellm/gates.ts'
import { createSpellmSessions } from '../spellm/spellm-sessions.ts'
import type { BenchmarkModel } from './benchmark-model.ts'
import { measureTextTimes, textTokensOf, type TextTimes } from './text-times.ts'
import { measureTokenParts, passesOf, type Peer, type TokenParts } from './token-parts.ts'

/** What a token costs, part by part. */
export interface PartsBenchmark {
  /** At each context. */
  readonly parts: readonly TokenParts[]
  /** Null where lossless mode was not asked for, or the tail is untrained. */
  readonly text: TextTimes | null
}

export interface PartsOptions {
  /** Ascending; each below the model's context length. */
  readonly contexts: readonly number[]
  /** Tokens that are measured at each context, and in each text. */
  readonly steps: number
  readonly modes: readonly DecodeMode[]
  readonly candidates: number
  readonly threads?: number | undefined
  readonly peer?: Peer | undefined
  readonly signal?: AbortSignal | undefined
  /** Shares the engine's thread: each step computes in a turn of its own. */
  readonly turn?: Turn
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * Measures the parts of a token by turns, of a model whose tail spells every token.
 *
 * @throws SpellmError 'out-of-memory'; CancelledError when the signal fires
 */
export async function measureParts(
  model: BenchmarkModel,
  { contexts, steps, modes, candidates, threads, peer, signal, turn, onProgress }: PartsOptions,
): Promise<PartsBenchmark> {
  const { base, precision, gates } = model
  const { architecture } = base
  const longest = contexts.at(-1)!
  const size = decoderSize(architecture, precision, 'cpu')
  const pass = { batch: 1, prompt: 1, context: longest, head: 'loaded' } as const
  // Base and SpeLLM have a trunk each, and gated mode a head of its own.
  const needed = processBytes(size) + generationBytes(size, pass) + blockBytes(size) + headBytes(size)
  requireMemory('The benchmark', needed, await deviceMemory('cpu'))

  const threshold = modes.includes('lossless') ? thresholdOf(gates, defaultGateShare) : null
  const total = contexts.length * passesOf(steps) + (threshold === null ? 0 : textTokensOf(steps))
  let done = 0
  const progress = (steps = 1) => onProgress?.((done += steps), total)
  const common = { signal, ...(turn ? { turn } : {}) }
  const session = threads === undefined ? {} : { threads }

  const { trunk, tail } = await createSpellmSessions(model, session)
  const baseTrunk = await createTrunkSession(base, { ...session, hasHead: true })
  const head = await createBaseHead(base, session)
  const rows = openHeadRows(base)
  const sessions = { trunk, baseTrunk, head, rows, tail }
  const parts: TokenParts[] = []
  let text: TextTimes | null = null
  try {
    for (const context of contexts)
      parts.push(
        await measureTokenParts(sessions, architecture, {
          context,
          steps,
          candidates,
          peer,
          onPasses: progress,
          ...common,
        }),
      )
    if (threshold !== null)
      text = await measureTextTimes(sessions, architecture, threshold, {
        tokens: steps,
        onToken: progress,
        ...common,
      })
  } finally {
    rows.close()
    for (const resource of [trunk, baseTrunk, head, tail]) await resource.release()
  }
  return { parts, text }
}
