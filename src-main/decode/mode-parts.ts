import type { Tokenizer } from '../tokenizer/index.ts'
import type { BaseModel } from '../models/base-model.ts'
import type { TrunkSession } from '../models/trunk-session.ts'
import type { Device } from '../runtime/devices/device.ts'
import type { DecodeMode } from '../spellm/decode-modes.ts'
import { hasTokenSymbols, type Spellm } from '../spellm/spellm.ts'
import { baseChooser, type Chooser } from './chooser.ts'
import { watchedHead, type DecodeHooks } from './decode-hooks.ts'
import type { KnownCosts } from './known-costs.ts'
import type { LoadedModel } from './load-model.ts'
import type { WholeHead } from './whole-head.ts'
import type { LosslessParts } from './lossless.ts'
import { createPicker, type Picker } from './picker.ts'
import type { LosslessText, ModeSettings, SpellmModes } from './spellm-modes.ts'
import { createSpellingModes } from './spelling-modes.ts'
import type { SymbolParts } from './symbol-choosers.ts'
import type { SymbolLossless } from './symbol-lossless.ts'
import { createSymbolModes } from './symbol-modes.ts'

/** How tokens are picked: by the base model's LM head, or by a decode mode of the SpeLLM. */
export type GenerationMode = 'base' | DecodeMode

/** Puts together what each mode of a model chooses with. */
export interface ModeParts {
  /** Throws SpellmError 'setting-invalid' for a mode that the model doesn't have. */
  chooser(
    mode: Exclude<GenerationMode, 'lossless'>,
    settings: ModeSettings,
    hooks: DecodeHooks,
  ): Promise<Chooser>
  /** As `chooser`; of lossless mode, for a text of its own. */
  lossless(trunk: TrunkSession, text: LosslessText, hooks: DecodeHooks): Promise<LosslessParts>
  /** How lossless mode is set by measured costs; null: nothing is recorded that it could be set by. */
  readonly symbolLossless: SymbolLossless | null
  /** What inspecting a choice needs of a SpeLLM with token symbols, for a text of its own; null: there are none. */
  symbols(picker: Picker): SymbolParts | null
}

/** What modes are put together from, in addition to what is loaded. */
export interface ModelParts {
  /** The model's path as it was given, for messages. */
  readonly path: string
  readonly base: BaseModel
  readonly spellm: Spellm | null
  readonly tokenizer: Tokenizer
  readonly device: Device
  readonly threads: number | undefined
  readonly knownCosts: KnownCosts
}

export function createModeParts(
  loaded: LoadedModel,
  { path, spellm, tokenizer, ...machine }: ModelParts,
): ModeParts {
  const tokenize = (text: string) => tokenizer.encode(text)
  const symbolic =
    spellm && hasTokenSymbols(spellm)
      ? createSymbolModes(loaded, { ...machine, path, spellm, tokenize })
      : null
  const modes: SpellmModes =
    symbolic ?? createSpellingModes(loaded, { path, gates: spellm?.gates ?? [], tokenize })
  return {
    symbols: (picker) => symbolic?.symbols(picker) ?? null,
    chooser: async (mode, settings, hooks) => {
      if (mode !== 'base') return modes.choosers[mode](settings, hooks)
      const own = baseChooser(lazyHead(loaded), settings.sampling, loaded.findNear)
      const { onHeadPass } = hooks
      return onHeadPass ? { ...own, choose: (...step) => (onHeadPass(1), own.choose(...step)) } : own
    },
    lossless: async (trunk, text, hooks) => {
      const picker = createPicker(text.sampling, loaded.findNear)
      const { verifier, ...drafts } = await modes.drafts(picker, text, hooks.onNotice)
      const int8 = verifier === 'int8' ? await loaded.int8.get() : null
      const head = watchedHead(int8 ?? (await loaded.head()), hooks)
      return { trunk, head, picker, ...drafts }
    },
    symbolLossless: symbolic?.lossless ?? null,
  }
}

/** Opened when it is first read: a base model's trunk has its own. */
function lazyHead(loaded: LoadedModel): Pick<WholeHead, 'greedy' | 'logits'> {
  return {
    greedy: async (hidden) => (await loaded.head()).greedy(hidden),
    logits: async (hidden) => (await loaded.head()).logits(hidden),
  }
}
