import { initialTail } from '../distill/distill.ts'
import { hasTokenSymbols, type Spellm } from '../spellm/spellm.ts'
import { openModel, type OpenedModel, type OpenOptions } from '../decode/text-generator.ts'
import { tailShape } from '../spellm/tail-session.ts'
import type { BaseModel } from '../models/base-model.ts'
import { affordableAdapterWidth } from '../models/tail.ts'
import { alphabetSize, parseAlphabet } from '../spelling/alphabet.ts'
import { buildSpeller } from '../spelling/speller.ts'
import type { VocabularyEntry } from '../tokenizer/vocabulary-entry.ts'

/** A model to be measured. */
export interface BenchmarkModel extends Pick<
  Spellm,
  'base' | 'precision' | 'speller' | 'adapterWidths' | 'weights' | 'gates'
> {
  /** Whether the tail is a SpeLLM's; otherwise it knows nothing, which costs the same. */
  readonly isTrained: boolean
  /** A SpeLLM with token symbols, which is measured by what it writes; null: by the parts of a token. */
  readonly writer: OpenedModel | null
}

const k = 12
const alphabet = 'auto:98'

/**
 * A base model with a tail that knows nothing: what a SpeLLM of it would cost. k is 12, and the alphabet the 98
 * most useful characters; one block of adapter is as wide as 2.5 % of the LM head's weights allow.
 *
 * @param precision the base model's
 * @param vocabulary of its tokenizer
 */
export function untrainedModel(
  base: BaseModel,
  precision: Spellm['precision'],
  vocabulary: readonly VocabularyEntry[],
): BenchmarkModel {
  const { architecture } = base
  const speller = buildSpeller(vocabulary, parseAlphabet(alphabet, vocabulary), k)
  const adapterWidths = [affordableAdapterWidth(architecture, k * alphabetSize(speller.alphabet))]
  const weights = initialTail(tailShape(architecture.hiddenSize, adapterWidths, speller), 1)
  return { base, precision, speller, adapterWidths, weights, gates: [], isTrained: false, writer: null }
}

/** Opens a SpeLLM, or a base model with an untrained tail. Throws SpellmError as `openModel`. */
export async function openBenchmarkModel(path: string, options: OpenOptions): Promise<BenchmarkModel> {
  const opened = await openModel(path, options)
  const { base, precision, tokenizer, spellm } = opened
  if (!spellm) return untrainedModel(base, precision, tokenizer.entries)
  return { ...spellm, isTrained: true, writer: hasTokenSymbols(spellm) ? opened : null }
}
