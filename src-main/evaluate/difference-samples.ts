import type { Tokenizer } from '../tokenizer/index.ts'
import type { HeadRows } from '../models/head-rows.ts'
import { createSample, type Difference } from './examples.ts'
import type { TeacherForcedMode } from './mode-agreement.ts'
import type { Position } from './position.ts'
import type { TokenCategories } from './token-categories.ts'

const shownDifferences = 12
const shownDifferencesOfKind = 4
/** Tokens of context shown with a difference. */
const shownContext = 24

/** A position where modes may differ from the base model. */
export interface Compared {
  readonly position: Position
  /** The base model's token, and what it is. */
  readonly choice: number
  readonly kinds: TokenCategories
  /** The tokens of the window so far. */
  readonly context: Int32Array
  /** float32 [d]. */
  readonly state: Float32Array
}

/** Collects some of the positions where modes pick another token than the base model. */
export function createDifferenceSamples(
  modes: readonly TeacherForcedMode[],
  tokenizer: Tokenizer,
  rows: Pick<HeadRows, 'logits'>,
) {
  const byMode = new Map(modes.map((mode, seed) => [mode, createSample<Difference>(shownDifferences, seed)]))
  const byKind = new Map<string, ReturnType<typeof createSample<Difference>>>()
  const shown = (token: number) => {
    const text = tokenizer.decodeContinuation([token])
    if (text !== '' && !text.includes('\ufffd')) return JSON.stringify(text)
    // Special tokens and parts of characters.
    return tokenizer.entries[token]?.content ?? `token ${token}`
  }
  const describe = ({ position, choice, context, state }: Compared, picked: number): Difference => {
    const logits = rows.logits(state, [choice, picked])
    const ofChoice = position.logProbability(choice)
    return {
      context: tokenizer.decode(context.subarray(-shownContext)),
      expected: shown(choice),
      picked: shown(picked),
      baseLead: logits[0]! - logits[1]!,
      spellingLead: ofChoice === -Infinity ? null : position.logProbability(picked) - ofChoice,
    }
  }
  return {
    add: (compared: Compared) => {
      const { position, choice, kinds } = compared
      modes.forEach((mode, i) => {
        const picked = position.picks[i]![0]!
        if (picked !== choice) byMode.get(mode)!.offer(() => describe(compared, picked))
      })
      const { pick } = position.prediction
      if (pick === choice) return
      for (const [way, kind] of Object.entries(kinds)) {
        const name = `${way} ${kind}`
        let sample = byKind.get(name)
        if (!sample) byKind.set(name, (sample = createSample<Difference>(shownDifferencesOfKind, 1)))
        sample.offer(() => describe(compared, pick))
      }
    },
    result: () => ({
      differences: Object.fromEntries([...byMode].map(([mode, sample]) => [mode, sample.items()])),
      differencesByKind: new Map([...byKind].map(([name, sample]) => [name, sample.items()])),
    }),
  }
}
