import { createContextSymbols } from '../decode/context-symbols.ts'
import { createFirstScores, type FirstScores } from '../decode/first-choice.ts'
import { createPicker } from '../decode/picker.ts'
import type { SymbolParts } from '../decode/symbol-choosers.ts'
import { logitOf, type HeadRows } from '../models/head-rows.ts'
import { createRowLogits } from '../models/row-logits.ts'
import type { LastPosition } from '../models/trunk-session.ts'
import { floatData, type Device } from '../runtime/session.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { firstSymbolsOf } from '../spelling/speller.ts'
import type { Spellm } from '../spellm/spellm.ts'
import { createSymbolTailSession, symbolTailOf } from '../spellm/symbol-tail-session.ts'
import { tailBits, tailShape } from '../spellm/tail-session.ts'
import { dot } from '../base/dot.ts'

/** A text that is given, token by token, with what its steps choose with. */
export interface SymbolText extends SymbolParts {
  /** The tokens that were read. */
  readonly tokens: readonly number[]
  /**
   * Reads tokens.
   *
   * @param unread at least one
   * @param hidden [d], after the last of them
   * @param scores of that state, from `SymbolReader.scores`
   * @returns the state as the trunk's own pass gives it where the text is written: its first scores are followed by the
   *   logits of the context's tokens
   */
  read(
    unread: readonly number[],
    hidden: Float32Array,
    scores: { readonly first: Float32Array; readonly spelled: Float32Array },
  ): LastPosition
}

/** A SpeLLM with token symbols that follows texts which are given: the states come from elsewhere, many at once. */
export interface SymbolReader {
  readonly first: FirstScores
  readonly rows: HeadRows
  /** What the tail says of each of some states: hidden [rows · d] → first scores [m + A] and spelling [(k − 1) · A] of each. */
  scores(
    hidden: Float32Array,
  ): Promise<readonly { readonly first: Float32Array; readonly spelled: Float32Array }[]>
  /** Begins a text, without a token yet. */
  createText(): SymbolText
  release(): Promise<void>
}

/** A SpeLLM with token symbols, also one that is still learning. */
export type SymbolSpellm = Pick<
  Spellm,
  'base' | 'speller' | 'adapterWidths' | 'weights' | 'precision' | 'contextSymbols' | 'anchor'
>

/**
 * Loads the tail of a SpeLLM with token symbols by itself.
 *
 * @param rows of the base model's LM head; not closed with it
 */
export async function createSymbolReader(
  spellm: SymbolSpellm,
  rows: HeadRows,
  device: Device,
): Promise<SymbolReader> {
  const { base, speller, adapterWidths, weights, precision, contextSymbols, anchor } = spellm
  const { architecture } = base
  const { hiddenSize: d, head } = architecture
  const tail = await createSymbolTailSession(
    symbolTailOf({
      shape: tailShape(d, adapterWidths, speller, anchor),
      weights,
      tokenSymbols: speller.alphabet.tokenSymbols!,
      rows,
      architecture,
      ...tailBits(precision, device),
    }),
    { device },
  )
  const rowLogits = createRowLogits(base)
  const first = createFirstScores(speller, rowLogits)
  const firstSymbols = firstSymbolsOf(speller)
  const width = speller.alphabet.tokenSymbols!.length + alphabetSize(speller.alphabet)
  const spelledWidth = (speller.k - 1) * alphabetSize(speller.alphabet)
  return {
    first,
    rows,
    scores: async (hidden) => {
      const { first: all, spelled } = await tail.scores(hidden, true)
      return Array.from({ length: hidden.length / d }, (_, row) => ({
        first: all.subarray(row * width, (row + 1) * width),
        spelled: spelled?.subarray(row * spelledWidth, (row + 1) * spelledWidth) ?? new Float32Array(0),
      }))
    },
    createText: () => {
      const context = createContextSymbols(rows, firstSymbols, { hiddenSize: d, most: contextSymbols })
      const tokens: number[] = []
      return {
        first,
        context,
        picker: createPicker(null),
        tokens,
        read: (unread, hidden, scores) => {
          const contextRows = floatData(context.follow(tokens, unread))
          tokens.push(...unread)
          const firstScores = new Float32Array(width + context.count)
          firstScores.set(scores.first)
          for (let slot = 0; slot < context.count; slot++)
            firstScores[width + slot] = logitOf(dot(contextRows, slot * d, hidden), head)
          return { hidden, firstScores, spelled: scores.spelled }
        },
      }
    },
    release: async () => {
      await tail.release()
      await rowLogits.release()
    },
  }
}
