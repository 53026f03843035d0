import { defaultGateShare } from '../decode/calibrate-gate.ts'
import type { Sampling } from '../decode/sampling.ts'
import { SpellmError } from '../base/errors.ts'
import { sourceOf } from '../models/base-model.ts'
import type { Precision } from '../models/precision.ts'
import type { WeightType } from '../models/weight-store.ts'
import { measureBandwidth } from './bandwidth.ts'
import type { BenchmarkModel } from './benchmark-model.ts'
import { modeCosts, steadyModes, type ModeCost } from './mode-costs.ts'
import { partsSpeeds, writtenSpeeds, type ModeSpeed } from './mode-speeds.ts'
import { measureParts, type PartsOptions } from './parts-benchmark.ts'
import type { TextTimes } from './text-times.ts'
import type { TokenParts } from './token-parts.ts'
import { weightBytes, type WeightBytes } from './weight-bytes.ts'
import { measureWrittenModes, type WrittenBenchmark } from './written-modes.ts'

/** What is measured at one length of the context. */
interface ContextCosts {
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

/** What a token costs, by base model and SpeLLM, on the CPU. */
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
  /** At the shortest context: the base model's, then those of the modes. */
  readonly modes: readonly ModeSpeed[]
  /** Part by part; none of a SpeLLM with token symbols. */
  readonly contexts: readonly ContextCosts[]
  /** Null where lossless mode was not asked for, the tail is untrained, or there are token symbols. */
  readonly text: TextTimes | null
  /** The times of texts that a SpeLLM with token symbols wrote; null: another model. */
  readonly written: WrittenBenchmark | null
}

export interface BenchmarkOptions extends PartsOptions {
  /** Number of prompts at each context that a SpeLLM with token symbols continues; default: 8. */
  readonly texts?: number
  readonly gateShare?: number
  /** How these texts are picked; default: the best token. */
  readonly sampling?: Sampling | null
}

export const defaultTexts = 8

/**
 * Measures base model and modes by turns in one run, then the machine's bandwidth. A SpeLLM with token symbols is timed while it
 * writes, since what its modes cost depends on the text; others are measured part by part.
 *
 * @throws SpellmError 'setting-invalid' for a context that the model can't hold, and for `sampling` of another model; 'out-of-memory'; CancelledError when
 *   the signal fires
 */
export async function runBenchmark(model: BenchmarkModel, options: BenchmarkOptions): Promise<Benchmark> {
  const { contexts, modes, candidates, gateShare = defaultGateShare, texts = defaultTexts, peer } = options
  const { sampling = null } = options
  const threads = options.threads ?? null
  const { contextLength } = model.base.architecture
  if (sampling && !model.writer)
    throw new SpellmError(
      'setting-invalid',
      'Sampling settings were given, but only a SpeLLM with token symbols is timed while it writes.',
      'Leave temperature, cuts and penalties out.',
    )
  // Prompts of texts leave room; a single step reads one token more than the cache holds.
  requireContexts(contexts, model.writer ? contextLength : contextLength - 1)
  const written = model.writer
    ? await measureWrittenModes(model.writer, { ...options, texts, gateShare, sampling })
    : null
  const parts = written ? null : await measureParts(model, options)
  // The bandwidth takes 1 GiB, which belongs to no model.
  const peakMemoryBytes = process.resourceUsage().maxRSS * 1024
  const bandwidth = await measureBandwidth(threads === null ? {} : { threads })
  const bytes = weightBytes(model)
  const asked = steadyModes.filter((mode) => modes.includes(mode))
  const costs = (parts?.parts ?? []).map((own) => ({
    context: own.context,
    keyValueBytes: own.keyValueBytes,
    limit: own.head / (own.trunk + own.head),
    modes: modeCosts(own, bytes, { modes: asked, candidates, gateShare, bandwidth }),
    peer: own.peer === null ? null : { name: peer!.name, milliseconds: own.peer },
    parts: own,
  }))
  const text = parts?.text ?? null
  return {
    precision: model.precision,
    source: sourceOf(model.base),
    isTrained: model.isTrained,
    threads,
    candidates,
    gateShare,
    bandwidth,
    weightBytes: bytes,
    peakMemoryBytes,
    modes: written ? writtenSpeeds(written) : partsSpeeds(costs[0]!.modes, text),
    contexts: costs,
    text,
    written,
  }
}

function requireContexts(contexts: readonly number[], most: number): void {
  const tooLong = contexts.find((context) => context > most)
  if (tooLong === undefined) return
  throw new SpellmError(
    'setting-invalid',
    `A context of ${tooLong} tokens; with this model at most ${most} can be measured.`,
    'Choose shorter contexts.',
  )
}
