import { stackRows } from '../models/batch-trunk.ts'
import type { Verifier } from './drafter.ts'
import type { Picker } from './picker.ts'

/**
 * A lead, in parts of the best score, below which the product of several rows doesn't decide: it may round otherwise than the
 * base model's own of one row does, by some millionths.
 */
const closeLead = 1e-4

/** What a verification is about. */
export interface Pending {
  /** States [d], one after another in the text. */
  readonly states: readonly Float32Array[]
  /** What was written after each of them but the last. */
  readonly tokens: readonly number[]
  /** The place in the text of the token after the first state. */
  readonly place: number
}

/**
 * The tokens that stand: the pending ones up to the first that the base model doesn't pick, with its own pick in that one's
 * place; where all stand, they and its pick after them.
 *
 * @param picker has counted the text before `place`, and has so again afterwards
 */
export async function verify(
  head: Verifier,
  picker: Picker,
  { states, tokens, place }: Pending,
): Promise<number[]> {
  const hidden = stackRows(states)
  if (picker.isPlain) {
    const choices = await head.choices(hidden)
    const wrong = tokens.findIndex((token, row) => token !== choices[row])
    return [...choices.subarray(0, wrong < 0 ? states.length : wrong + 1)]
  }
  const logits = await head.logits(hidden)
  const size = logits.length / states.length
  const standing: number[] = []
  for (const [row, state] of states.entries()) {
    const at = place + row
    let picked = await picker.pickOfAll(logits.subarray(row * size, (row + 1) * size), at)
    // Also of a single row this is what base mode computes.
    if (states.length > 1 && picked.lead < closeLead * Math.max(1, Math.abs(picked.strength)))
      picked = await picker.pickOfAll(await head.logits(state), at)
    standing.push(picked.index)
    if (picked.index !== tokens[row]) break
    picker.add(picked.index)
  }
  for (const token of standing.slice(0, -1)) picker.remove(token)
  return standing
}
