import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SpellmError } from '../errors.ts'
import type { Tokenizer } from '../formats/tokenizer.ts'
import type { Architecture } from '../models/architecture.ts'
import { openBaseModel, openModelTokenizer, type BaseModel } from '../models/base-model.ts'
import { createBatchTrunk } from '../models/batch-trunk.ts'
import { modelFolder } from '../models/model-folder.ts'
import { openHeadRows, type HeadRows } from '../models/head-rows.ts'
import { inPrecision, type Precision, type QuantizationPlace } from '../models/precision.ts'
import { createTrunkSession, type TrunkSession } from '../models/trunk-session.ts'
import type { Device } from '../runtime/devices/device.ts'
import type { SessionOptions } from '../runtime/session.ts'
import {
  generationBytes,
  headLoadBytes,
  processBytes,
  type DecoderSize,
  type HeadInMemory,
} from '../runtime/memory/estimate.ts'
import { deviceMemory, requireMemory } from '../runtime/memory/require-memory.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import {
  baseChooser,
  createBaseHead,
  freeChooser,
  trieChooser,
  type BaseHead,
  type Chooser,
} from './chooser.ts'
import {
  generate,
  newConversation,
  prepareContext,
  type Conversation,
  type GenerationEnd,
} from './generate.ts'
import { defaultGateShare } from './calibrate-gate.ts'
import { gatedChooser } from './gated.ts'
import { inspectChoice, type ChoiceDetail } from './inspect-choice.ts'
import { decoderSize } from './decoder-size.ts'
import { generateLossless, type LosslessParts } from './lossless.ts'
import { createPicker } from './picker.ts'
import { spellingDrafter } from './spelling-drafter.ts'
import { defaultCandidates, shortlistChooser } from './shortlist.ts'
import { fitToDevice } from './golden-check.ts'
import type { Sampling } from './sampling.ts'
import { findSpellm, openSpellm, type Spellm } from '../spellm/spellm.ts'
import type { Speller } from '../spelling/speller.ts'
import { oneAfterAnother, shareTrunk, type ForEachText } from './side-by-side.ts'
import { createSpellmSessions, createSpellmTail, lazyTail } from '../spellm/spellm-sessions.ts'
import { scoresOf, type TailSession } from '../spellm/tail-session.ts'
import { decodeModes, type DecodeMode } from '../spellm/decode-modes.ts'
import { thresholdOf } from '../spellm/gates.ts'

/** The modes that draw from the tail's own ranking of tokens, and so from the tail for sampling where there is one. */
const drawingModes: readonly DecodeMode[] = ['trie', 'shortlist', 'lossless']

/** How tokens are picked: by the base model's LM head, or by a decode mode of the SpeLLM. */
export type GenerationMode = 'base' | DecodeMode

export interface TextOptions {
  readonly mode: GenerationMode
  /** The n of shortlist(n). */
  readonly candidates?: number
  /** The share of steps that gated mode gives to the base model's head, 0 to 1. */
  readonly gateShare?: number
  /** null: greedy. */
  readonly sampling: Sampling | null
  readonly maxTokens: number
  /** Generation ends where one of these texts would begin. */
  readonly stop: readonly string[]
  /** Told each time the base model's LM head is read whole, for one position or several at once. */
  readonly onHeadPass?: () => void
  /** Told each time the trunk is read, for a token, those of a word or (a piece of) the prompt. */
  readonly onTrunkPass?: () => void
  readonly signal?: AbortSignal
  /** Where each step computes. */
  readonly turn?: Turn
}

/** A piece of generated text: what became complete with one more token, or at the end without one (null). */
export interface TextPiece {
  readonly token: number | null
  readonly text: string
}

/** A text to continue, or all of its tokens, as of a conversation, whose template says what begins it. */
export type Prompt = string | readonly number[]

/** A model ready to write, base and SpeLLM on one trunk. */
export interface TextGenerator {
  readonly base: BaseModel
  /** Where it computes. */
  readonly device: Device
  readonly tokenizer: Tokenizer
  /** The modes that this model has; the first is its own. */
  readonly modes: readonly GenerationMode[]
  /** The SpeLLM's table of spellings; null for a base model alone. */
  readonly speller: Speller | null
  /** A new one, where it writes one text at a time. */
  createConversation(): Conversation
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
   * after a text is left out, since the text goes on.
   */
  promptTokens(prompt: Prompt): number[]
  /**
   * Continues `prompt`. Given the same conversation again with a longer prompt, only what is new
   * is computed.
   *
   * @returns why it ended; 'stop' also before a stop text
   * @throws SpellmError 'setting-invalid' for a prompt that the context can't hold, or a mode it doesn't have
   */
  write(
    prompt: Prompt,
    conversation: Conversation,
    options: TextOptions,
  ): AsyncGenerator<TextPiece, GenerationEnd>
  /**
   * How the token after `context` is chosen. Given the same conversation again, only what is new is computed.
   *
   * @throws SpellmError 'setting-invalid' for a context that the model can't hold, or a token it doesn't have
   */
  inspect(context: readonly number[], conversation: Conversation, turn?: Turn): Promise<ChoiceDetail>
  release(): Promise<void>
}

export interface OpenOptions {
  /** Where a SpeLLM's base model is now, if it has moved. */
  readonly basePath?: string
  /** The base model's; default: as stored, or what the SpeLLM has learnt with. */
  readonly precision?: Precision | undefined
  readonly quantization?: QuantizationPlace
}

export interface LoadOptions extends SessionOptions {
  /**
   * Texts that a SpeLLM can write side by side, greedily, which takes less time for each than one after another;
   * default: 1. With more, conversations are those of `forEachText`.
   */
  readonly texts?: number
  /** Whether to go on where memory seems too short. */
  readonly ignoresShortage?: boolean
  /** Receives warnings. */
  readonly onNotice?: (message: string) => void
}

/** A model that was opened and checked; nothing of it is loaded. */
export interface OpenedModel {
  /** As it was asked for, for messages. */
  readonly path: string
  readonly base: BaseModel
  /** The base model's. */
  readonly precision: Precision
  readonly tokenizer: Tokenizer
  /** Null for a base model alone. */
  readonly spellm: Spellm | null
}

/** An opened SpeLLM as a model to be loaded. */
export function modelOfSpellm(path: string, spellm: Spellm): OpenedModel {
  const { base, precision, tokenizer } = spellm
  return { path, base, precision, tokenizer, spellm }
}

/**
 * Opens a SpeLLM's folder, the run folder that holds one, or a base model.
 *
 * @throws SpellmError as `openSpellm` and `openBaseModel`; 'file-not-found' for a run that isn't finished
 */
export async function openModel(
  path: string,
  { basePath, precision, quantization }: OpenOptions = {},
): Promise<OpenedModel> {
  const spellmFolder = findSpellm(path)
  if (spellmFolder === null && existsSync(join(path, 'run.json')))
    throw new SpellmError(
      'file-not-found',
      `${path} holds a run that isn't finished: it has no SpeLLM yet.`,
      'Go on with the run until it is finished.',
    )
  if (spellmFolder !== null)
    return modelOfSpellm(path, await openSpellm(spellmFolder, { basePath, precision, quantization }))
  const base = await openBase(path, precision, quantization)
  const tokenizer = await openModelTokenizer(base)
  return { path, base, precision: precision ?? 'stored', tokenizer, spellm: null }
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
  { texts = 1, ignoresShortage = false, onNotice, ...session }: LoadOptions = {},
): Promise<TextGenerator> {
  const { device = 'cpu' } = session
  const size = decoderSize(opened.architecture, precision, device)
  const requireRoom = async (what: string, bytes: number) => {
    const warning = requireMemory(what, bytes, await deviceMemory(device), { ignoresShortage })
    if (warning !== null) onNotice?.(warning)
  }
  await requireRoom('This model', writerBytes(size, opened.architecture, texts, headAtFirst(spellm, texts)))
  const base = await fitToDevice(opened, device, onNotice)
  let rows: HeadRows | null = null
  const loaded =
    spellm && texts > 1
      ? await loadForTexts({ ...spellm, base }, texts, session)
      : await loadForOneText(base, spellm, session)
  const { trunk, tail, samplingTail, forEachText } = loaded
  let head = loaded.head

  const baseHead = async (onPass?: () => void) => {
    if (!head) {
      await requireRoom("The base model's head", headLoadBytes(size, 'loaded'))
      head = await createBaseHead(base, session)
    }
    return onPass ? watchedHead(head, onPass) : head
  }
  /** Opened when it is first read: a base model's trunk has its own. */
  const wholeHead: Pick<BaseHead, 'greedy' | 'logits'> = {
    greedy: async (hidden) => (await baseHead()).greedy(hidden),
    logits: async (hidden) => (await baseHead()).logits(hidden),
  }
  const headRows = () => (rows ??= openHeadRows(base))
  const requireTail = (mode: DecodeMode, sampling: Sampling | null): TailSession => {
    if (samplingTail && sampling && drawingModes.includes(mode)) return samplingTail
    if (tail) return tail
    throw new SpellmError(
      'setting-invalid',
      `${path} is a base model: it has no mode '${mode}'.`,
      "Use the mode 'base', or open a SpeLLM.",
    )
  }
  const gateThreshold = (share: number) => {
    const threshold = thresholdOf(spellm?.gates ?? [], share)
    if (threshold !== null) return threshold
    throw new SpellmError(
      'setting-invalid',
      `${path} was converted before thresholds were measured, so modes that ask the base model can't be used.`,
      'Convert the model again, or use another mode.',
    )
  }
  const chooser = async (
    mode: Exclude<GenerationMode, 'lossless'>,
    sampling: Sampling | null,
    candidates: number,
    gateShare: number,
    onHeadPass?: () => void,
  ): Promise<Chooser> => {
    if (mode === 'base') {
      const own = baseChooser(wholeHead, sampling)
      return onHeadPass ? { ...own, choose: (...step) => (onHeadPass(), own.choose(...step)) } : own
    }
    const spelling = requireTail(mode, sampling)
    switch (mode) {
      case 'trie':
        return trieChooser(spelling, sampling)
      case 'free':
        return freeChooser(spelling, (text) => tokenizer.encode(text), sampling)
      case 'shortlist':
        return shortlistChooser(spelling, headRows(), candidates, sampling)
      case 'gated':
        return gatedChooser(spelling, await baseHead(onHeadPass), gateThreshold(gateShare), sampling)
    }
  }
  const losslessParts = async (
    read: TrunkSession,
    mode: DecodeMode,
    sampling: Sampling | null,
    onHeadPass?: () => void,
  ): Promise<LosslessParts> => {
    const picker = createPicker(sampling)
    const own = await baseHead(onHeadPass)
    // Leads of the tail for sampling say nothing of the base model's draws.
    const threshold = sampling && samplingTail ? 0 : gateThreshold(defaultGateShare)
    return {
      trunk: read,
      drafter: spellingDrafter({ tail: requireTail(mode, sampling), rows: headRows(), threshold, picker }),
      head: { choices: (hidden) => own.greedyRows(hidden), logits: (hidden) => own.logits(hidden) },
      picker,
    }
  }
  const requireFitting = (ids: readonly number[]) => {
    const { contextLength } = base.architecture
    if (ids.length === 0 || ids.length > contextLength)
      throw new SpellmError(
        'setting-invalid',
        `The prompt has ${ids.length} tokens; the model takes 1 to ${contextLength}.`,
        'Give a prompt of that length.',
      )
  }
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
    createConversation: () => newConversation(trunk),
    forEachText,
    sessions: async () => ({ trunk, head: await baseHead(), tail }),
    write: async function* (
      prompt,
      conversation,
      {
        mode,
        sampling,
        stop: stops,
        candidates = defaultCandidates,
        gateShare = defaultGateShare,
        onHeadPass,
        onTrunkPass,
        ...options
      },
    ) {
      const read = onTrunkPass ? watchedTrunk(trunk, onTrunkPass) : trunk
      const { stopTokens, architecture } = base
      const ids = promptTokens(prompt)
      requireFitting(ids)
      // A text of nothing begins everywhere.
      const stop = stops.filter((text) => text !== '')
      const stream = tokenizer.createTextStream(ids)
      const limits = { ...options, stopTokens, contextLength: architecture.contextLength }
      const tokens =
        mode === 'lossless'
          ? generateLossless(await losslessParts(read, mode, sampling, onHeadPass), conversation, ids, limits)
          : generate(
              read,
              await chooser(mode, sampling, candidates, gateShare, onHeadPass),
              conversation,
              ids,
              limits,
            )
      let pending = ''
      let next = await tokens.next()
      for (; next.done !== true; next = await tokens.next()) {
        pending += stream.push(next.value)
        const end = stopPosition(pending, stop)
        yield { token: next.value, text: pending.slice(0, end.index) }
        if (end.isComplete) return 'stop'
        pending = pending.slice(end.index)
      }
      const rest = pending + stream.flush()
      if (rest !== '') yield { token: null, text: rest }
      return next.value
    },
    inspect: async (context, conversation, turn = ownTurn) => {
      requireFitting(context)
      const unknown = context.find((token) => token >= base.architecture.vocabularySize)
      if (unknown !== undefined)
        throw new SpellmError(
          'setting-invalid',
          `The context has token ${unknown}; the model has ${base.architecture.vocabularySize}.`,
          'Give tokens of this model.',
        )
      const readLast = await prepareContext(trunk, conversation, context, tail?.ending ?? 'logits', turn)
      return turn(async () => {
        const state = await readLast()
        const logits = state.baseLogits ?? (await wholeHead.logits(state.hidden))
        const spelling = tail && { speller: tail.speller, scores: await scoresOf(tail, state) }
        return inspectChoice(logits, spelling, (text) => tokenizer.encode(text))
      })
    },
    release: async () => {
      await trunk.release()
      await tail?.release()
      await samplingTail?.release()
      await head?.release()
      rows?.close()
    },
  }
}

/** What a generator loads at once. */
interface Loaded {
  readonly trunk: TrunkSession
  readonly tail: TailSession | null
  /** The tail for sampling, where there is one. */
  readonly samplingTail: TailSession | null
  /** null: it is loaded when it is first asked for. */
  readonly head: BaseHead | null
  readonly forEachText: ForEachText
}

async function loadForOneText(
  base: BaseModel,
  spellm: Spellm | null,
  session: SessionOptions,
): Promise<Loaded> {
  const { trunk, tail, samplingTail } = spellm
    ? await createSpellmSessions({ ...spellm, base }, session)
    : {
        trunk: await createTrunkSession(base, { ...session, hasHead: true }),
        tail: null,
        samplingTail: null,
      }
  return { trunk, tail, samplingTail, head: null, forEachText: oneAfterAnother(trunk) }
}

async function loadForTexts(spellm: Spellm, texts: number, session: SessionOptions): Promise<Loaded> {
  const { speller, weights, samplingWeights } = spellm
  const tail = await createSpellmTail(spellm, weights, session)
  const samplingTail =
    samplingWeights && lazyTail(speller, 'none', () => createSpellmTail(spellm, samplingWeights, session))
  const head = await createBaseHead(spellm.base, { ...session, prepack: true })
  return { ...shareTrunk(await createBatchTrunk(spellm.base, texts, session), { tail, head }), samplingTail }
}

/** A head that tells of each pass. */
function watchedHead(head: BaseHead, onPass: () => void): BaseHead {
  const told = <Result>(read: () => Result) => {
    onPass()
    return read()
  }
  return {
    ...head,
    logits: (hidden) => told(() => head.logits(hidden)),
    greedy: (hidden) => told(() => head.greedy(hidden)),
    greedyRows: (hidden) => told(() => head.greedyRows(hidden)),
  }
}

/** A trunk that tells of each pass. */
function watchedTrunk(trunk: TrunkSession, onPass: () => void): TrunkSession {
  return {
    ...trunk,
    forward: (tokens, cache) => {
      onPass()
      return trunk.forward(tokens, cache)
    },
    forwardToLast: (tokens, cache, ending) => {
      onPass()
      return trunk.forwardToLast(tokens, cache, ending)
    },
  }
}

async function openBase(
  path: string,
  precision: Precision = 'stored',
  quantization?: QuantizationPlace,
): Promise<BaseModel> {
  return inPrecision(await openBaseModel(modelFolder(path)), precision, quantization)
}

/** Tokens of text that a model must at least have room for. */
const usualContext = 1_024

/** A SpeLLM's modes load the LM head where they need it; one that writes several texts at once has it from the start. */
function headAtFirst(spellm: Spellm | null, texts: number): HeadInMemory {
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

/** Where the first stop text begins; if none is complete, where the text's end may be the beginning of one. */
function stopPosition(text: string, stops: readonly string[]): { index: number; isComplete: boolean } {
  const found = stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0)
  if (found.length > 0) return { index: Math.min(...found), isComplete: true }
  let index = text.length
  for (const stop of stops)
    for (let length = Math.min(stop.length - 1, text.length); length > text.length - index; length--)
      if (stop.startsWith(text.slice(text.length - length))) index = text.length - length
  return { index, isComplete: false }
}
