import type { Tokenizer } from '../tokenizer/index.ts'
import type { Architecture } from '../models/architecture.ts'
import type { BaseModel } from '../models/base-model.ts'
import type { TrunkSession } from '../models/trunk-session.ts'
import type { Device } from '../runtime/devices/device.ts'
import {
  generationBytes,
  headLoadBytes,
  processBytes,
  type DecoderSize,
  type HeadInMemory,
} from '../runtime/memory/estimate.ts'
import { deviceMemory, requireMemory } from '../runtime/memory/require-memory.ts'
import type { SessionOptions } from '../runtime/session.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import type { Speller } from '../spelling/speller.ts'
import { decodeModes } from '../spellm/decode-modes.ts'
import type { Spellm } from '../spellm/spellm.ts'
import { scoresOf, type TailSession } from '../spellm/tail-session.ts'
import type { BaseHead } from './chooser.ts'
import { decoderSize } from './decoder-size.ts'
import { newKvContext, prepareContext, type KvContext, type GenerationEnd } from './generate.ts'
import { fitToDevice } from './device-parity.ts'
import { inspectChoice, type ChoiceDetail } from './inspect-choice.ts'
import { inspectSymbolChoice } from './inspect-symbol-choice.ts'
import { costsInMemory, type KnownCosts } from './known-costs.ts'
import { loadModel } from './load-model.ts'
import { createModeParts, type GenerationMode } from './mode-parts.ts'
import { openModel, type OpenedModel, type OpenOptions } from './open-model.ts'
import { createPicker } from './picker.ts'
import type { LosslessPlan } from './plan-lossless.ts'
import type { Sampling } from './sampling.ts'
import type { ForEachText } from './batched-generation.ts'
import { askingFor } from './symbol-choosers.ts'
import { requireFitting, writeText, type TextOptions, type TextPiece } from './write-text.ts'

export { modelOfSpellm, openModel, type OpenedModel, type OpenOptions } from './open-model.ts'
export type { GenerationMode } from './mode-parts.ts'
export type { LosslessPlan } from './plan-lossless.ts'
export type { TextOptions, TextPiece } from './write-text.ts'

/** A text to continue, or all of its tokens, as of a conversation, whose template says what begins it. */
export type Prompt = string | readonly number[]

/** A model ready to write, base and SpeLLM on one trunk. */
export interface TextGenerator {
  readonly base: BaseModel
  /** The device that it computes on. */
  readonly device: Device
  readonly tokenizer: Tokenizer
  /** The modes that this model has; the first is its own. */
  readonly modes: readonly GenerationMode[]
  /** The SpeLLM's table of spellings; null for a base model alone. */
  readonly speller: Speller | null
  /** A new one, where it writes one text at a time. */
  createKvContext(): KvContext
  /** Does something for each of some texts, as many at a time as it was loaded for. */
  readonly forEachText: ForEachText
  /** What it computes with, loaded if it wasn't; released with it. The tail is null for a base model alone. */
  sessions(): Promise<{
    readonly trunk: TrunkSession
    readonly head: BaseHead
    readonly tail: TailSession | null
  }>
  /**
   * The tokens that `write` reads for a prompt; those of a text with what the tokenizer puts before it. What it puts
   * after a text is left out, since the text continues.
   */
  promptTokens(prompt: Prompt): number[]
  /**
   * Continues `prompt`. Given the same context again with a longer prompt, only what is new
   * is computed.
   *
   * @returns why it ended; 'stop' also before a stop text
   * @throws SpellmError 'setting-invalid' for a prompt that the context can't hold, or a mode it doesn't have
   */
  write(prompt: Prompt, kvContext: KvContext, options: TextOptions): AsyncGenerator<TextPiece, GenerationEnd>
  /**
   * How lossless mode is set on this machine for texts that begin with about `context` tokens, and the speedup that
   * recorded doubts and measured costs let expect: below 1, of draws below 1.04, `write` lets the base model write.
   * Measured first where that isn't known, within about 1.3 seconds.
   *
   * @returns null for a base model, and for a SpeLLM without token symbols or recorded doubts of such texts
   */
  losslessPlan(sampling: Sampling | null, context: number, turn?: Turn): Promise<LosslessPlan | null>
  /**
   * How the token after `context` is chosen. Given the same context again, only what is new is computed.
   *
   * @throws SpellmError 'setting-invalid' for a context that the model can't hold, or a token it doesn't have
   */
  inspect(context: readonly number[], kvContext: KvContext, turn?: Turn): Promise<ChoiceDetail>
  release(): Promise<void>
}

export interface LoadOptions extends SessionOptions {
  /**
   * Texts that a SpeLLM can write side by side, greedily, which takes less time for each than one after another;
   * default: 1. With more, conversations are those of `forEachText`.
   */
  readonly texts?: number
  /** Whether to continue where memory seems too short. */
  readonly ignoresShortage?: boolean
  /** Receives warnings. */
  readonly onNotice?: (message: string) => void
  /** Where measured costs are kept; default: in this process. */
  readonly knownCosts?: KnownCosts
}

/** Opens a model and loads it. Throws SpellmError as `openModel` and `createTextGenerator`. */
export async function openTextGenerator(
  path: string,
  { basePath, precision, quantization, ...load }: OpenOptions & LoadOptions = {},
): Promise<TextGenerator> {
  const place = { precision, ...(basePath === undefined ? {} : { basePath }) }
  return createTextGenerator(
    await openModel(path, { ...place, ...(quantization ? { quantization } : {}) }),
    load,
  )
}

/**
 * Loads a model.
 *
 * @throws SpellmError as `fitToDevice`; 'out-of-memory' for a model that is larger than the memory
 */
export async function createTextGenerator(
  { path, base: opened, precision, tokenizer, spellm }: OpenedModel,
  { texts = 1, ignoresShortage = false, onNotice, knownCosts = costsInMemory, ...session }: LoadOptions = {},
): Promise<TextGenerator> {
  const { device = 'cpu', threads } = session
  const size = decoderSize(opened.architecture, precision, device)
  const requireRoom = async (what: string, bytes: number) => {
    const warning = requireMemory(what, bytes, await deviceMemory(device), { ignoresShortage })
    if (warning !== null) onNotice?.(warning)
  }
  await requireRoom(
    'This model',
    writerBytes(size, opened.architecture, texts, initialHeadBytes(spellm, texts)),
  )
  const base = await fitToDevice(opened, device, onNotice)
  const settings = {
    texts,
    validTokens: tokenizer.vocabularySize,
    beforeHead: () => requireRoom("The base model's head", headLoadBytes(size, 'loaded')),
    isFree: async (bytes: number) => (await deviceMemory(device)).free >= bytes,
  }
  const loaded = await loadModel(base, spellm, settings, session)
  const { trunk, tail, forEachText } = loaded
  const parts = createModeParts(loaded, { path, base, spellm, tokenizer, device, threads, knownCosts })
  const promptTokens = (prompt: Prompt) => {
    if (typeof prompt !== 'string') return [...prompt]
    return [...tokenizer.frame.before, ...tokenizer.encode(prompt)]
  }
  return {
    base,
    device,
    tokenizer,
    speller: spellm?.speller ?? null,
    promptTokens,
    modes: spellm ? [spellm.mode, ...decodeModes.filter((mode) => mode !== spellm.mode), 'base'] : ['base'],
    createKvContext: () => newKvContext(trunk),
    forEachText,
    sessions: async () => ({ trunk, head: await loaded.head(), tail }),
    write: (prompt, kvContext, options) => {
      const ids = promptTokens(prompt)
      return writeText({ base, tokenizer, trunk, parts }, ids, kvContext, options)
    },
    losslessPlan: async (sampling, context, turn) =>
      (await parts.symbolLossless?.plan(sampling, context, turn)) ?? null,
    inspect: async (context, kvContext, turn = ownTurn) => {
      requireFitting(context, base.architecture)
      const symbols = parts.symbols(createPicker(null))
      const asked = symbols ? askingFor('spelled', symbols.context) : (tail?.outputHead ?? 'logits')
      const readLast = await prepareContext(trunk, kvContext, context, asked, turn)
      return turn(async () => {
        const state = await readLast()
        const logits = state.baseLogits ?? (await (await loaded.head()).logits(state.hidden))
        const tokenize = (text: string) => tokenizer.encode(text)
        if (symbols) return inspectSymbolChoice(logits, state, { ...symbols, rows: loaded.rows(), tokenize })
        const spelling = tail && { speller: tail.speller, scores: await scoresOf(tail, state) }
        return inspectChoice(logits, spelling, tokenize)
      })
    },
    release: () => loaded.release(),
  }
}

/** Tokens of text that a model must at least have room for. */
const usualContext = 1_024

/** A SpeLLM's modes load the LM head where they need it; one that writes several texts at once has it from the start. */
function initialHeadBytes(spellm: Spellm | null, texts: number): HeadInMemory {
  if (texts > 1) return 'packed'
  return spellm ? 'none' : 'loaded'
}

function writerBytes(
  size: DecoderSize,
  { contextLength }: Architecture,
  texts: number,
  head: HeadInMemory,
): number {
  const context = Math.min(usualContext, contextLength)
  const pass = { batch: texts, prompt: context / 2 / texts, context, head }
  return processBytes(size) + generationBytes(size, pass)
}
