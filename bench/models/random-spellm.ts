import { symbolSpeller } from '../../src-main/conversion/choose-symbols.ts'
import { parseConversionSettings, symbolAdapterWidths } from '../../src-main/conversion/settings.ts'
import { initialTail } from '../../src-main/distill/distill.ts'
import { openBaseModel, openModelTokenizer } from '../../src-main/models/base-model.ts'
import { withPrecision, type Precision } from '../../src-main/models/precision.ts'
import type { VocabularyEntry } from '../../src-main/tokenizer/vocabulary-entry.ts'
import type { RecordedDoubts } from '../../src-main/spellm/doubts.ts'
import type { Spellm } from '../../src-main/spellm/spellm.ts'
import { tailShape } from '../../src-main/spellm/tail-session.ts'
import { randomModel } from './random-model.ts'
import { realVocabulary } from './real-vocabulary.ts'
import type { ShapeName } from './shapes.ts'

/**
 * A SpeLLM with token symbols of a model with random weights. Its tail has the size that a conversion of that model gives it by
 * default and knows nothing, which costs the same; its recorded doubts are another one's.
 *
 * @param folder for the weights
 * @param usage of a real model's tokens [its V], which decides how many token symbols are worthwhile; null: by Zipf's law
 */
export async function randomSpellm(
  shape: ShapeName,
  precision: Precision,
  folder: string,
  doubts: RecordedDoubts,
  usage: Float64Array | null,
): Promise<Spellm> {
  const stored = await openBaseModel(await randomModel(shape, folder))
  const base = await withPrecision(stored, precision, 'random', { folder })
  const { hiddenSize, vocabularySize } = base.architecture
  const entries = vocabularyOf(vocabularySize)
  const tokenizer = { ...(await openModelTokenizer(base)), entries, vocabularySize }
  const settings = parseConversionSettings({ base: folder })
  const adapterWidths = symbolAdapterWidths(hiddenSize)
  // The tokens that come first in a vocabulary of merges are the frequent ones.
  const falling = usage?.toSorted((a, b) => b - a)
  const ranked = Float64Array.from(entries, (_, token) => (falling ? (falling[token] ?? 0) : 1 / (token + 1)))
  const speller = symbolSpeller(tokenizer, ranked, settings, adapterWidths)
  return {
    base,
    baseSha256: '',
    precision,
    mode: 'lossless',
    tokenizer,
    speller,
    adapterWidths,
    weights: initialTail(tailShape(hiddenSize, adapterWidths, speller), 1),
    samplingWeights: null,
    gates: [],
    contextSymbols: settings.contextSymbols,
    anchor: settings.anchor,
    doubts,
  }
}

/** The first tokens of a real vocabulary; where it has no more, pairs of them. */
function vocabularyOf(size: number): VocabularyEntry[] {
  const entries = realVocabulary(size)
  const known = entries.length
  while (entries.length < size) {
    const [first, second] = [entries[entries.length - known]!, entries[entries.length - known + 1]!]
    const bytes = Uint8Array.from([...first.bytes, ...second.bytes])
    entries.push({ bytes, special: false, content: Buffer.from(bytes).toString() })
  }
  return entries
}
