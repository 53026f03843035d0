import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { SpellmError } from '../errors.ts'
import { createTextStream, type Tokenizer } from '../formats/tokenizer.ts'
import { openBaseModel, openModelTokenizer, type BaseModel } from '../models/base-model.ts'
import { modelFolder } from '../models/model-folder.ts'
import { createTrunkSession } from '../models/trunk-session.ts'
import type { SessionOptions } from '../runtime/session.ts'
import {
  baseChooser,
  createBaseHead,
  decodeModes,
  freeChooser,
  trieChooser,
  type BaseHead,
  type DecodeMode,
} from './chooser.ts'
import { generate, newConversation, type Conversation } from './generate.ts'
import type { Sampling } from './sampling.ts'
import { findSpellm, openSpellm, type Spellm } from './spellm.ts'
import { createTailSession, tailShape, type TailSession } from './tail-session.ts'

/** How tokens are picked: by the base model's LM head, or by a decode mode of the SpeLLM. */
export type GenerationMode = 'base' | DecodeMode

export interface TextOptions {
  readonly mode: GenerationMode
  /** null: greedy. */
  readonly sampling: Sampling | null
  readonly maxTokens: number
  /** Generation ends where one of these texts would begin. */
  readonly stop: readonly string[]
  readonly signal?: AbortSignal
}

/** A piece of generated text: what became complete with one more token. */
export interface TextPiece {
  readonly token: number
  readonly text: string
}

/** A model ready to write, base and SpeLLM on one trunk. */
export interface TextGenerator {
  readonly base: BaseModel
  readonly tokenizer: Tokenizer
  /** The modes that this model has; the first is its own. */
  readonly modes: readonly GenerationMode[]
  createConversation(): Conversation
  /**
   * Continues the text of `prompt`. Given the same conversation again with a longer prompt, only what is new
   * is computed.
   *
   * @throws SpellmError 'setting-invalid' for a prompt that the context can't hold, or a mode it doesn't have
   */
  write(prompt: string, conversation: Conversation, options: TextOptions): AsyncGenerator<TextPiece>
  release(): Promise<void>
}

/**
 * Opens a SpeLLM's folder, the run folder that holds one, or a base model.
 *
 * @throws SpellmError as `openSpellm` and `openBaseModel`; 'file-not-found' for a run that isn't finished
 */
export async function openTextGenerator(
  path: string,
  { basePath, ...session }: SessionOptions & { readonly basePath?: string } = {},
): Promise<TextGenerator> {
  const spellmFolder = findSpellm(path)
  if (spellmFolder === null && existsSync(join(path, 'run.json')))
    throw new SpellmError(
      'file-not-found',
      `${path} holds a run that isn't finished: it has no SpeLLM yet.`,
      `Go on with: spellm convert … --out ${path} --resume`,
    )
  const spellm = spellmFolder === null ? null : await openSpellm(spellmFolder, basePath)
  const base = spellm?.base ?? (await openBaseModel(modelFolder(path)))
  const tokenizer = spellm?.tokenizer ?? (await openModelTokenizer(base))
  const trunk = await createTrunkSession(base, session)
  const tail = spellm ? await openTail(spellm, session) : null
  let head: BaseHead | null = null

  const chooser = async (mode: GenerationMode, sampling: Sampling | null) => {
    if (mode === 'base') return baseChooser((head ??= await createBaseHead(base, session)), sampling)
    if (!tail)
      throw new SpellmError(
        'setting-invalid',
        `${path} is a base model: it has no mode '${mode}'.`,
        "Use '--mode base', or give a SpeLLM's folder.",
      )
    return mode === 'trie'
      ? trieChooser(tail, sampling)
      : freeChooser(tail, (text) => tokenizer.encode(text), sampling)
  }
  return {
    base,
    tokenizer,
    modes: tail ? [...decodeModes, 'base'] : ['base'],
    createConversation: () => newConversation(trunk),
    write: async function* (prompt, conversation, { mode, sampling, maxTokens, stop, signal }) {
      const { beginToken, endTokens, contextLength } = base.architecture
      const ids = [...(beginToken === null ? [] : [beginToken]), ...tokenizer.encode(prompt)]
      if (ids.length === 0 || ids.length > contextLength)
        throw new SpellmError(
          'setting-invalid',
          `The prompt has ${ids.length} tokens; the model takes 1 to ${contextLength}.`,
          'Give a prompt of that length.',
        )
      const stream = createTextStream(tokenizer.entries)
      const options = { maxTokens, stopTokens: endTokens, contextLength, ...(signal ? { signal } : {}) }
      let written = ''
      for await (const token of generate(trunk, await chooser(mode, sampling), conversation, ids, options)) {
        const before = written.length
        written += stream.push(token)
        const end = firstOccurrence(written, stop)
        yield { token, text: written.slice(before, end ?? undefined) }
        if (end !== null) return
      }
      const rest = stream.flush()
      if (rest !== '') yield { token: -1, text: rest }
    },
    release: async () => {
      await trunk.release()
      await tail?.release()
      await head?.release()
    },
  }
}

async function openTail(
  { base, speller, adapterWidths, weights }: Spellm,
  session: SessionOptions,
): Promise<TailSession> {
  return createTailSession(
    tailShape(base.architecture.hiddenSize, adapterWidths, speller),
    weights,
    speller,
    session,
  )
}

function firstOccurrence(text: string, stops: readonly string[]): number | null {
  const found = stops.map((stop) => text.indexOf(stop)).filter((index) => index >= 0)
  return found.length > 0 ? Math.min(...found) : null
}
