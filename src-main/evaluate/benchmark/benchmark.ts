import { defaultGateShare } from '../../decode/calibrate-gate.ts'
import { createBaseHead } from '../../decode/chooser.ts'
import { decoderSize } from '../../decode/decoder-size.ts'
import { createSpellmSessions } from '../../spellm/spellm-sessions.ts'
import { SpellmError } from '../../errors.ts'
import { sourceOf } from '../../models/base-model.ts'
import { openHeadRows } from '../../models/head-rows.ts'
import { createTrunkSession } from '../../models/trunk-session.ts'
import type { Precision } from '../../models/precision.ts'
import type { WeightType } from '../../models/weight-store.ts'
import { blockBytes, generationBytes, headBytes, processBytes } from '../../runtime/memory/estimate.ts'
import { deviceMemory, requireMemory } from '../../runtime/memory/require-memory.ts'
import type { Turn } from '../../runtime/turns.ts'
import { measureBandwidth } from './bandwidth.ts'
import type { BenchmarkModel } from './benchmark-model.ts'
import { modeCosts, steadyModes, type ModeCost } from './mode-costs.ts'
import { measureTextTimes, textTokensOf, type TextTimes } from './text-times.ts'
import { measureTokenParts, passesOf, type Peer, type TokenParts } from './token-parts.ts'
import { weightBytes, type WeightBytes } from './weight-bytes.ts'
import { thresholdOf } from '../../spellm/gates.ts'
import type { DecodeMode } from '../../spellm/decode-modes.ts'

/** What is measured at one length of the context. */
export interface ContextCosts {
  /** Tokens in the cache. */
  readonly context: number
  /** Bytes of keys and values that a step reads. */
  readonly keyValueBytes: number
  /** The most that a SpeLLM could save: the LM head's share of the base model's time. */
  readonly limit: number
  /** The base model, then the modes. */
  readonly modes: readonly ModeCost[]
  /** Milliseconds a token of another program; null: there is none. */
  readonly peer: { readonly name: string; readonly milliseconds: number } | null
  readonly parts: TokenParts
}

/** What a token costs, by base model and SpeLLM, on the processor. */
export interface Benchmark {
  readonly precision: Precision
  /** The type in which the base model's weights came quantised, such as 'Q4_1'; null: they came as floats. */
  readonly source: WeightType | null
  /** Whether the tail is a SpeLLM's. */
  readonly isTrained: boolean
  /** Null: one for each core. */
  readonly threads: number | null
  /** The n of trie(n). */
  readonly candidates: number
  readonly gateShare: number
  /** The rate at which this machine reads memory, in bytes a second, by the same number of threads. */
  readonly bandwidth: number
  readonly weightBytes: WeightBytes
  /** The most memory that this process has had, in bytes. */
  readonly peakMemoryBytes: number
  readonly contexts: readonly ContextCosts[]
  /** Null where lossless mode was not asked for, or the tail is untrained. */
  readonly text: TextTimes | null
}

export interface BenchmarkOptions {
  /** Ascending; each below the model's context length. */
  readonly contexts: readonly number[]
  /** Tokens that are measured at each context, and in each text. */
  readonly steps: number
  readonly modes: readonly DecodeMode[]
  readonly candidates: number
  readonly gateShare?: number
  readonly threads?: number | undefined
  readonly peer?: Peer | undefined
  readonly signal?: AbortSignal | undefined
  /** Where each step computes. */
  readonly turn?: Turn
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * Measures base model and modes by turns in one run, then the machine's bandwidth.
 *
 * @throws SpellmError 'setting-invalid' for a context that the model can't hold; 'out-of-memory'; CancelledError when
 *   the signal fires
 */
export async function runBenchmark(
  model: BenchmarkModel,
  {
    contexts,
    steps,
    modes,
    candidates,
    gateShare = defaultGateShare,
    threads,
    peer,
    signal,
    turn,
    onProgress,
  }: BenchmarkOptions,
): Promise<Benchmark> {
  const { base, precision, gates } = model
  const { architecture } = base
  requireContexts(contexts, architecture.contextLength)
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
  const measured: TokenParts[] = []
  let text: TextTimes | null = null
  try {
    for (const context of contexts)
      measured.push(
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
  // The bandwidth takes 1 GiB, which is no model's.
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024
  const bandwidth = await measureBandwidth(session)
  const bytes = weightBytes(model)
  const asked = steadyModes.filter((mode) => modes.includes(mode))
  return {
    precision,
    source: sourceOf(base),
    isTrained: model.isTrained,
    threads: threads ?? null,
    candidates,
    gateShare,
    bandwidth,
    weightBytes: bytes,
    peakMemoryBytes,
    contexts: measured.map((parts) => ({
      context: parts.context,
      keyValueBytes: parts.keyValueBytes,
      limit: parts.head / (parts.trunk + parts.head),
      modes: modeCosts(parts, bytes, { modes: asked, candidates, gateShare, bandwidth }),
      peer: parts.peer === null ? null : { name: peer!.name, milliseconds: parts.peer },
      parts,
    })),
    text,
  }
}

/** A step reads one token more than the cache holds. */
function requireContexts(contexts: readonly number[], contextLength: number): void {
  const tooLong = contexts.find((context) => context >= contextLength)
  if (tooLong === undefined) return
  throw new SpellmError(
    'setting-invalid',
    `A context of ${tooLong} tokens; this model holds ${contextLength}, the one that is measured included.`,
    'Ask for shorter contexts.',
  )
}
