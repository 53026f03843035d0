import { seededRandom } from '../base/random.ts'

/** A position where a mode picks another token than the base model. */
export interface Difference {
  /** The text before, its end only. */
  readonly context: string
  /** The base model's token. */
  readonly expected: string
  /** The mode's token. */
  readonly picked: string
  /** How much the base model prefers its own token, in nats: the difference of the two log-probabilities. */
  readonly baseLead: number
  /** How much the spelling of the mode's token is preferred to the base model's, in nats; null: that one is never emitted. */
  readonly spellingLead: number | null
}

/**
 * A fair sample of what passes by, without keeping it all (Vitter's algorithm R, 1985).
 *
 * @param limit how many are kept
 */
export function createSample<Item>(limit: number, seed: number) {
  const random = seededRandom(seed)
  const kept: Item[] = []
  let seen = 0
  return {
    /** @param describe makes the item; called only if it is kept for now */
    offer: (describe: () => Item) => {
      const place = seen < limit ? seen : random.below(seen + 1)
      seen++
      if (place < limit) kept[place] = describe()
    },
    get seen() {
      return seen
    },
    items: (): readonly Item[] => kept,
  }
}
