import type { BaseModel } from '../models/base-model.ts'
import type { RowLogits } from '../models/row-logits.ts'
import type { Device } from '../runtime/devices/device.ts'
import { firstSymbolsOf } from '../spelling/speller.ts'
import type { Spellm } from '../spellm/spellm.ts'
import { createContextSymbols } from './context-symbols.ts'
import { watchedHead } from './decode-hooks.ts'
import type { Drafter } from './drafter.ts'
import { createFirstScores } from './first-choice.ts'
import type { KnownCosts } from './known-costs.ts'
import type { LoadedModel } from './load-model.ts'
import { createPicker, type Picker } from './picker.ts'
import { createCosts } from './plan-lossless.ts'
import { gateOf } from './replay.ts'
import { isGreedy } from './sampling.ts'
import { requireGate, type SpellmModes } from './spellm-modes.ts'
import {
  symbolFreeChooser,
  symbolGatedChooser,
  symbolTrieChooser,
  type SymbolParts,
} from './symbol-choosers.ts'
import { symbolDrafter } from './symbol-drafter.ts'
import { createSymbolLossless, drawnDoubt, type SymbolLossless } from './symbol-lossless.ts'

/** The share of positions in doubt where nobody has measured what is best. */
const usualDoubtShare = 0.1

/** What the modes of a SpeLLM with token symbols depend on. */
export interface SymbolModel {
  /** The path as it was given, for messages. */
  readonly path: string
  readonly base: BaseModel
  readonly spellm: Spellm
  readonly device: Device
  readonly threads: number | undefined
  readonly knownCosts: KnownCosts
  /** The ids of a text. */
  readonly tokenize: (text: string) => number[]
}

export interface SymbolModes extends SpellmModes {
  /** The parts for a text of its own. */
  symbols(picker: Picker): SymbolParts
  /** Lossless mode as measured costs set it; null: nothing is recorded that they could be weighed against. */
  readonly lossless: SymbolLossless | null
}

/** The modes of a SpeLLM with token symbols. */
export function createSymbolModes(
  loaded: LoadedModel,
  { path, spellm, tokenize, ...machine }: SymbolModel,
): SymbolModes {
  const firstSymbols = firstSymbolsOf(spellm.speller)
  const { hiddenSize } = spellm.base.architecture
  const { gates, contextSymbols: most } = spellm
  const doubts = spellm.doubts && spellm.doubts.doubts.length > 0 ? spellm.doubts : null
  const symbols = (picker: Picker, groupRows: RowLogits | null = loaded.rowLogits): SymbolParts => ({
    first: createFirstScores(spellm.speller, groupRows),
    context: createContextSymbols(loaded.rows(), firstSymbols, { hiddenSize, most, kept: picker.biased }),
    picker,
  })
  const thresholdOf = (share: number) =>
    doubts ? gateOf(doubts, share).threshold : requireGate(path, gates, share)
  const draft = (picker: Picker, threshold: number): Drafter =>
    symbolDrafter({ ...symbols(picker), threshold })
  // What groups are read costs is measured by itself.
  const drafterOf = (picker: Picker) => symbolDrafter({ ...symbols(picker, null), threshold: Infinity })
  const lossless =
    doubts &&
    createSymbolLossless(doubts, createCosts({ ...machine, loaded, spellm, tokenize, drafterOf }), draft)
  return {
    symbols,
    lossless,
    choosers: {
      trie: ({ sampling, candidates }, { onSpelled }) =>
        symbolTrieChooser({ ...symbols(createPicker(sampling)), rows: loaded.rows(), onSpelled }, candidates),
      free: ({ sampling }, { onSpelled }) =>
        symbolFreeChooser({ ...symbols(createPicker(sampling)), onSpelled }, tokenize, sampling),
      gated: async ({ sampling, gateShare }, hooks) => {
        const head = watchedHead(await loaded.head(), hooks)
        return symbolGatedChooser(
          symbols(createPicker(sampling, loaded.findNear)),
          head,
          thresholdOf(gateShare),
        )
      },
    },
    drafts: async (picker, text, onNotice) => {
      if (lossless) return lossless.drafts(picker, text, onNotice)
      return { drafter: draft(picker, isGreedy(text.sampling) ? thresholdOf(usualDoubtShare) : drawnDoubt) }
    },
  }
}
