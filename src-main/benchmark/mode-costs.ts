import type { TokenParts } from './token-parts.ts'
import type { WeightBytes } from './weight-bytes.ts'
import type { DecodeMode } from '../spellm/decode-modes.ts'

/** The modes whose steps all cost alike: lossless mode's depend on the text (text-times.ts). */
export const steadyModes = ['gated', 'trie', 'free'] as const satisfies readonly DecodeMode[]
export type SteadyMode = (typeof steadyModes)[number]

/** What one token costs in a mode. Times in milliseconds. */
export interface ModeCost {
  readonly mode: 'base' | SteadyMode
  readonly milliseconds: number
  /** `milliseconds` is the sum of these four. */
  readonly trunk: number
  /** The base model's LM head with its arg-max; for gated its share. */
  readonly head: number
  /** Adapter and character heads. */
  readonly tail: number
  /** Finding the token, with trie's rows of the LM head. */
  readonly search: number
  /** 1 − milliseconds / base. */
  readonly reduction: number
  /** The reduction, of what a model without any head would save; null: the head took no time beyond the noise. */
  readonly shareOfLimit: number | null
  /** Weights, keys and values that are read. */
  readonly bytes: number
  /** `bytes` over time, of the rate at which the machine reads memory. */
  readonly bandwidthShare: number
}

/** The cost of whole tokens from that of their parts: first the base model's, then the modes'. */
export function modeCosts(
  parts: TokenParts,
  weights: WeightBytes,
  {
    modes,
    candidates,
    gateShare,
    bandwidth,
  }: {
    readonly modes: readonly SteadyMode[]
    /** The n of trie(n); 0: the spelling's own score decides. */
    readonly candidates: number
    readonly gateShare: number
    /** Bytes a second. */
    readonly bandwidth: number
  },
): ModeCost[] {
  const { trunk, head, tail, headAlone, keyValueBytes } = parts
  const base = trunk + head
  const cost = (
    mode: ModeCost['mode'],
    own: Pick<ModeCost, 'head' | 'tail' | 'search'>,
    bytesBeyondTrunk: number,
  ): ModeCost => {
    const milliseconds = trunk + own.head + own.tail + own.search
    const bytes = weights.trunk + keyValueBytes + bytesBeyondTrunk
    return {
      mode,
      milliseconds,
      trunk,
      ...own,
      reduction: 1 - milliseconds / base,
      shareOfLimit: head > 0 ? (base - milliseconds) / head : null,
      bytes,
      bandwidthShare: bytes / (milliseconds / 1000) / bandwidth,
    }
  }
  const costOf: Record<SteadyMode, () => ModeCost> = {
    trie: () =>
      cost(
        'trie',
        { head: 0, tail, search: candidates === 0 ? parts.trieSearch : parts.candidateSearch },
        weights.tail + candidates * weights.headRow,
      ),
    free: () => cost('free', { head: 0, tail, search: parts.freeLookup }, weights.tail),
    gated: () =>
      cost(
        'gated',
        { head: gateShare * headAlone, tail, search: parts.gateSearch },
        weights.tail + gateShare * weights.head,
      ),
  }
  return [cost('base', { head, tail: 0, search: 0 }, weights.head), ...modes.map((mode) => costOf[mode]())]
}
