import { SpellmError } from '../errors.ts'
import type { Tokenizer } from '../formats/tokenizer.ts'
import type { BaseModel } from '../models/base-model.ts'
import type { TrunkSession } from '../models/trunk-session.ts'
import type { Device } from '../runtime/devices/device.ts'
import { firstSymbolsOf } from '../spelling/speller.ts'
import type { DecodeMode } from '../spellm/decode-modes.ts'
import { thresholdOf } from '../spellm/gates.ts'
import { hasTokenSymbols, type Spellm } from '../spellm/spellm.ts'
import type { TailSession } from '../spellm/tail-session.ts'
import { defaultGateShare } from './calibrate-gate.ts'
import { baseChooser, freeChooser, trieChooser, type Chooser } from './chooser.ts'
import { createContextSymbols } from './context-symbols.ts'
import type { Drafter } from './drafter.ts'
import { createFirstScores } from './first-choice.ts'
import { gatedChooser } from './gated.ts'
import type { KnownCosts } from './known-costs.ts'
import type { LoadedModel, WholeHead } from './load-model.ts'
import type { LosslessParts } from './lossless.ts'
import { createPicker, type Picker } from './picker.ts'
import { createCosts } from './plan-lossless.ts'
import { gateOf } from './replay.ts'
import { isGreedy, type Sampling } from './sampling.ts'
import { shortlistChooser } from './shortlist.ts'
import { spellingDrafter } from './spelling-drafter.ts'
import {
  symbolFreeChooser,
  symbolGatedChooser,
  symbolTrieChooser,
  type SymbolParts,
} from './symbol-choosers.ts'
import { symbolDrafter } from './symbol-drafter.ts'
import {
  createSymbolLossless,
  drawnDoubt,
  type LosslessText,
  type SymbolLossless,
} from './symbol-lossless.ts'

/** How tokens are picked: by the base model's LM head, or by a decode mode of the SpeLLM. */
export type GenerationMode = 'base' | DecodeMode

/** What a text's mode is set to. */
export interface ModeSettings {
  readonly sampling: Sampling | null
  /** The n of trie(n). */
  readonly candidates: number
  /** Of gated mode, 0 to 1. */
  readonly gateShare: number
}

/** What is told of while a text is written. */
export interface DecodeHooks {
  /** Each time the trunk is read, for a token, those of a word or (a piece of) the prompt. */
  readonly onTrunkPass?: (() => void) | undefined
  /** Each time the base model's LM head is read whole, for so many states at once. */
  readonly onHeadPass?: ((rows: number) => void) | undefined
  /** Each time states were scored again because rounding could have decided. */
  readonly onRescored?: ((rows: number) => void) | undefined
  /** Each token that was spelled, by a SpeLLM that has token symbols. */
  readonly onSpelled?: (() => void) | undefined
  /** What a user should know of how a text is written, once: that lossless mode doesn't pay. */
  readonly onNotice?: ((message: string) => void) | undefined
}

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

/** What modes are put together from, beside what is loaded. */
export interface ModelParts {
  /** As the model was asked for, for messages. */
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
  const isSymbolic = spellm !== null && hasTokenSymbols(spellm)
  const firstSymbols = isSymbolic ? firstSymbolsOf(spellm.speller) : null
  const symbols = (picker: Picker): SymbolParts | null => {
    if (!spellm || !firstSymbols) return null
    const { hiddenSize } = spellm.base.architecture
    return {
      first: createFirstScores(spellm.speller),
      context: createContextSymbols(loaded.rows(), firstSymbols, { hiddenSize, most: spellm.contextSymbols }),
      picker,
    }
  }
  const requireTail = (mode: DecodeMode, sampling: Sampling | null): TailSession => {
    const { tail, samplingTail } = loaded
    if (samplingTail && !isGreedy(sampling) && drawingModes.includes(mode)) return samplingTail
    if (tail) return tail
    throw new SpellmError(
      'setting-invalid',
      `${path} is a base model: it has no mode '${mode}'.`,
      "Use the mode 'base', or open a SpeLLM.",
    )
  }
  const leadThreshold = (share: number) => {
    const threshold = thresholdOf(spellm?.gates ?? [], share)
    if (threshold !== null) return threshold
    throw new SpellmError(
      'setting-invalid',
      `${path} was converted before thresholds were measured, so modes that ask the base model can't be used.`,
      'Convert the model again, or use another mode.',
    )
  }
  const doubtThreshold = (share: number) => {
    const { doubts } = spellm!
    if (doubts && doubts.doubts.length > 0) return gateOf(doubts, share).threshold
    return leadThreshold(share)
  }
  const watched = async (hooks: DecodeHooks) => watchedHead(await loaded.head(), hooks)

  /** Of a SpeLLM whose tail spells every token. */
  const spelling: Choosers = {
    trie: ({ sampling, candidates }) => {
      const tail = requireTail('trie', sampling)
      return candidates === 0
        ? trieChooser(tail, sampling)
        : shortlistChooser(tail, loaded.rows(), candidates, sampling)
    },
    free: ({ sampling }) => freeChooser(requireTail('free', sampling), tokenize, sampling),
    gated: async ({ sampling, gateShare }, hooks) => {
      const tail = requireTail('gated', sampling)
      return gatedChooser(tail, await watched(hooks), leadThreshold(gateShare), sampling)
    },
  }
  /** Of a SpeLLM with token symbols. */
  const symbolic: Choosers = {
    trie: ({ sampling, candidates }, { onSpelled }) =>
      symbolTrieChooser({ ...symbols(createPicker(sampling))!, rows: loaded.rows(), onSpelled }, candidates),
    free: ({ sampling }, { onSpelled }) =>
      symbolFreeChooser({ ...symbols(createPicker(sampling))!, onSpelled }, tokenize, sampling),
    gated: async ({ sampling, gateShare }, hooks) =>
      symbolGatedChooser(symbols(createPicker(sampling))!, await watched(hooks), doubtThreshold(gateShare)),
  }
  const symbolDrafterOf = (picker: Picker, threshold: number): Drafter =>
    symbolDrafter({ ...symbols(picker)!, threshold })
  const symbolLossless =
    isSymbolic && spellm.doubts && spellm.doubts.doubts.length > 0
      ? createSymbolLossless(
          spellm.doubts,
          createCosts({
            ...machine,
            loaded,
            spellm,
            drafterOf: (picker) => symbolDrafterOf(picker, Infinity),
          }),
          symbolDrafterOf,
        )
      : null
  /** Where nothing was recorded that costs could be weighed against. */
  const drafterOf = (picker: Picker, sampling: Sampling | null): Drafter => {
    const isDrawn = !isGreedy(sampling)
    if (isSymbolic) return symbolDrafterOf(picker, isDrawn ? drawnDoubt : doubtThreshold(usualDoubtShare))
    const tail = requireTail('lossless', sampling)
    // Leads of the tail for sampling say nothing of the base model's draws.
    const threshold = isDrawn && loaded.samplingTail ? 0 : leadThreshold(defaultGateShare)
    return spellingDrafter({ tail, rows: loaded.rows(), threshold, picker })
  }
  return {
    symbols,
    chooser: async (mode, settings, hooks) => {
      if (mode !== 'base') return (isSymbolic ? symbolic : spelling)[mode](settings, hooks)
      const own = baseChooser(lazyHead(loaded), settings.sampling)
      const { onHeadPass } = hooks
      return onHeadPass ? { ...own, choose: (...step) => (onHeadPass(1), own.choose(...step)) } : own
    },
    lossless: async (trunk, text, hooks) => {
      const picker = createPicker(text.sampling)
      const drafts = symbolLossless
        ? await symbolLossless.parts(picker, text, hooks.onNotice)
        : { drafter: drafterOf(picker, text.sampling) }
      return { trunk, head: await watched(hooks), picker, ...drafts }
    },
    symbolLossless,
  }
}

/** The share of positions in doubt where nobody has measured what is best. */
const usualDoubtShare = 0.1

/** The modes that draw from the tail's own ranking of tokens, and so from the tail for sampling where there is one. */
const drawingModes: readonly DecodeMode[] = ['trie', 'lossless']

type Choosers = Record<
  Exclude<DecodeMode, 'lossless'>,
  (settings: ModeSettings, hooks: DecodeHooks) => Chooser | Promise<Chooser>
>

/** Opened when it is first read: a base model's trunk has its own. */
function lazyHead(loaded: LoadedModel): Pick<WholeHead, 'greedy' | 'logits'> {
  return {
    greedy: async (hidden) => (await loaded.head()).greedy(hidden),
    logits: async (hidden) => (await loaded.head()).logits(hidden),
  }
}

/** A head that tells of each pass. */
function watchedHead(head: WholeHead, { onHeadPass, onRescored }: DecodeHooks): WholeHead {
  if (!onHeadPass && !onRescored) return head
  const told =
    <Result>(read: (hidden: Float32Array) => Promise<Result>) =>
    async (hidden: Float32Array) => {
      const before = head.rescored
      const result = await read(hidden)
      onHeadPass?.(hidden.length / head.hiddenSize)
      if (head.rescored > before) onRescored?.(head.rescored - before)
      return result
    }
  return {
    ...head,
    choices: told((hidden) => head.choices(hidden)),
    logits: told((hidden) => head.logits(hidden)),
    greedy: told((hidden) => head.greedy(hidden)),
    greedyRows: told((hidden) => head.greedyRows(hidden)),
  }
}

/** A trunk that tells of each pass. */
export function watchedTrunk(trunk: TrunkSession, onPass: () => void): TrunkSession {
  return {
    ...trunk,
    forward: (...read) => {
      onPass()
      return trunk.forward(...read)
    },
    forwardToLast: (...read) => {
      onPass()
      return trunk.forwardToLast(...read)
    },
  }
}
