import type { GenerationMode } from '../decode/text-generator.ts'
import type { ModeCost } from './mode-costs.ts'
import type { TextTimes } from './text-times.ts'
import type { MeasuredPlan, WrittenBenchmark } from './written-modes.ts'
import type { ModeTexts } from './written-texts.ts'

/**
 * How fast a mode is compared with base mode. Where texts were written there is more to say: what `ModeTexts` has, and
 * how lossless mode was set.
 */
export interface ModeSpeed extends Partial<Omit<ModeTexts, 'mode' | 'msPerToken' | 'speedup'>> {
  readonly mode: GenerationMode
  /** Milliseconds a token; null: the texts were too short to tell. */
  readonly msPerToken: number | null
  /** Base mode's time a token over its own. */
  readonly speedup: number | null
  /** The settings of lossless mode with token symbols; null: nothing is recorded that they could be chosen by. */
  readonly plan?: MeasuredPlan | null
}

/**
 * @param costs the base model's first
 * @param text lossless mode's; null: it wasn't measured
 */
export function partsSpeeds(costs: readonly ModeCost[], text: TextTimes | null): ModeSpeed[] {
  const base = costs[0]!.milliseconds
  const speeds: ModeSpeed[] = costs.map(({ mode, milliseconds }) => ({
    mode,
    msPerToken: milliseconds,
    speedup: base / milliseconds,
  }))
  // From texts of its own, written in turns with the base model's.
  if (text) speeds.push({ mode: 'lossless', msPerToken: text.lossless, speedup: text.base / text.lossless })
  return speeds
}

/** Those at the shortest context. */
export function writtenSpeeds({ contexts: [shortest] }: Pick<WrittenBenchmark, 'contexts'>): ModeSpeed[] {
  const { modes, plan } = shortest!
  return modes.map((texts) => (texts.mode === 'lossless' ? { ...texts, plan } : texts))
}
