import { SpellmError } from '../base/errors.ts'
import type { Turn } from '../runtime/turns.ts'
import type { DecodeMode } from '../spellm/decode-modes.ts'
import { thresholdOf, type Gate } from '../spellm/gates.ts'
import type { Chooser } from './chooser.ts'
import type { DecodeHooks } from './decode-hooks.ts'
import type { LosslessParts } from './lossless.ts'
import type { MeasuredCosts } from './measure-costs.ts'
import type { Picker } from './picker.ts'
import type { Sampling } from './sampling.ts'

/** What a text's mode is set to. */
export interface ModeSettings {
  readonly sampling: Sampling | null
  /** The n of trie(n). */
  readonly candidates: number
  /** Share of steps that gated mode gives to the base model's head, 0 to 1. */
  readonly gateShare: number
}

/** What a kind of SpeLLM writes with: one that spells every token, or one with token symbols. */
export interface SpellmModes {
  readonly choosers: Record<
    Exclude<DecodeMode, 'lossless'>,
    (settings: ModeSettings, hooks: DecodeHooks) => Chooser | Promise<Chooser>
  >
  /** Lossless mode's, for a text of its own. */
  drafts(picker: Picker, text: LosslessText, onNotice: DecodeHooks['onNotice']): Promise<Drafts>
}

/** How a text is drafted, if it is, and verified. */
interface Drafts extends Pick<LosslessParts, 'drafter' | 'steps' | 'pace'> {
  /** Which head verifies; default: base mode's own. */
  readonly verifier?: MeasuredCosts['verifier']
}

/** A text that is to be written in lossless mode. */
export interface LosslessText {
  readonly sampling: Sampling | null
  /** Tokens that it begins with. */
  readonly context: number
  /** Where what has to be measured first computes. */
  readonly turn?: Turn | undefined
}

/**
 * The threshold of `share` of the steps.
 *
 * @param path as the model was asked for, for the message
 * @throws SpellmError 'setting-invalid' where none was measured
 */
export function requireGate(path: string, gates: readonly Gate[], share: number): number {
  const threshold = thresholdOf(gates, share)
  if (threshold !== null) return threshold
  throw new SpellmError(
    'setting-invalid',
    `${path} was converted by a version that measured no thresholds, so modes that ask the base model are unavailable.`,
    'Convert the model again, or use another mode.',
  )
}
