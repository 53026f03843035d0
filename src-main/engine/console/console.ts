import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type {
  Candidate,
  ChatMessage,
  ConsoleMode,
  ConsoleSource,
  GenerationEvent,
  Sampling,
  TokenDetail,
} from '../../contract/index.ts'
import { CancelledError, SpellmError } from '../../base/errors.ts'
import type { KnownCosts } from '../../decode/known-costs.ts'
import type { Candidate as ScoredIndex, ChoiceDetail } from '../../decode/inspect-choice.ts'
import type { Prompt, TextGenerator } from '../../decode/text-generator.ts'
import { openChatTemplate } from '../../tokenizer/chat-template.ts'
import { modelFolder } from '../../models/model-folder.ts'
import { readDescription, spellmFolder } from '../../runs/index.ts'
import type { Device } from '../../runtime/session.ts'
import { attendTo, type Turn, type Turns } from '../../runtime/turns.ts'
import { otherSymbol } from '../../spelling/alphabet.ts'
import { describeSymbol } from '../../spelling/describe-symbol.ts'
import { tokensOf } from '../../spelling/speller.ts'
import { openReferencedModel } from '../library/model-library.ts'
import { runSettingsSchema } from '../../conversion/settings.ts'
import { chatTokens } from '../../decode/chat-tokens.ts'
import { createLoadedModels, type Purpose } from './loaded-models.ts'

interface GenerationRequest {
  readonly source: ConsoleSource
  readonly mode: ConsoleMode
  /** A text to continue, or a conversation to answer. */
  readonly prompt: string | readonly ChatMessage[]
  /** n of trie mode. */
  readonly candidates?: number | undefined
  /** The base model's share of steps in gated mode, 0 to 1. */
  readonly gateShare?: number | undefined
  readonly maxTokens: number
  readonly sampling: Sampling
  readonly stop: readonly string[]
}

/** Tries models out, also while a run trains. */
export interface ModelConsole {
  /** Whether the source's base model has a chat template. Loads nothing. */
  abilities(source: ConsoleSource): Promise<{ canChat: boolean }>
  /** Ends early when the signal fires. Throws SpellmError as `openTextGenerator` and `TextGenerator.write`. */
  generate(request: GenerationRequest, signal: AbortSignal): AsyncGenerator<GenerationEvent>
  /** Throws SpellmError as `openTextGenerator` and `TextGenerator.inspect`. */
  inspectToken(source: ConsoleSource, context: readonly number[]): Promise<TokenDetail>
  /** Makes room for a run. */
  releaseIdle(): Promise<void>
}

/**
 * A console without models.
 *
 * @param folderOf a run's folder
 * @param knownCosts what passes were found to cost
 */
export function createModelConsole(
  turns: Turns,
  {
    folderOf,
    device,
    knownCosts,
  }: {
    readonly folderOf: (id: string) => string
    readonly device: () => Promise<Device>
    readonly knownCosts: KnownCosts
  },
): ModelConsole {
  const models = createLoadedModels(knownCosts)
  const use = async (source: ConsoleSource, purpose: Purpose) => {
    if (source.kind === 'run') {
      const folder = folderOf(source.id)
      const file = join(folder, spellmFolder, 'spellm.json')
      if (!existsSync(file))
        throw new SpellmError(
          'file-not-found',
          `The run '${source.id}' has no SpeLLM yet: ${file} is missing.`,
          'Wait until it is finished, or finish it early.',
        )
      return models.use({ path: folder, files: [file], device: await device() }, purpose)
    }
    const { folder, checkpoint } = await openReferencedModel(source.reference)
    return models.use({ path: folder, files: checkpoint.files, device: await device() }, purpose)
  }

  return {
    abilities: async (source) => {
      const reference =
        source.kind === 'model'
          ? source.reference
          : (await readDescription(folderOf(source.id), runSettingsSchema)).base.path
      return { canChat: (await openChatTemplate(modelFolder(reference))) !== null }
    },
    generate: async function* ({ source, mode, prompt: asked, candidates, gateShare, ...options }, signal) {
      const leave = turns.attend()
      try {
        const { generator, kvContext, done } = await use(source, mode)
        try {
          const prompt = typeof asked === 'string' ? asked : await chatTokens(generator, asked)
          const numbers = {
            ...(candidates === undefined ? {} : { candidates }),
            ...(gateShare === undefined ? {} : { gateShare }),
          }
          yield* generated(
            generator,
            prompt,
            (turn) => generator.write(prompt, kvContext, { ...options, ...numbers, mode, signal, turn }),
            turns,
            signal,
          )
        } finally {
          done()
        }
      } finally {
        leave()
      }
    },
    inspectToken: (source, context) =>
      attendTo(turns, async () => {
        const { generator, kvContext, done } = await use(source, 'inspect')
        try {
          return describeChoice(await generator.inspect(context, kvContext, turns.foreground), generator)
        } finally {
          done()
        }
      }),
    releaseIdle: () => models.releaseIdle(),
  }
}

/** The events of a generation; each step's time is that of its own turns. */
async function* generated(
  generator: TextGenerator,
  prompt: Prompt,
  write: (turn: Turn) => ReturnType<TextGenerator['write']>,
  turns: Turns,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent> {
  let computed = 0
  const turn: Turn = (work) =>
    turns.foreground(async () => {
      if (signal.aborted) throw new CancelledError()
      const started = performance.now()
      try {
        return await work()
      } finally {
        computed += performance.now() - started
      }
    })
  const pieces = write(turn)
  const times: number[] = []
  let rest = ''
  yield { type: 'prompt', tokens: generator.promptTokens(prompt) }
  try {
    let next = await pieces.next()
    for (; next.done !== true; next = await pieces.next()) {
      const { token, text } = next.value
      if (token === null) rest = text
      else {
        yield { type: 'token', token, text, milliseconds: computed }
        times.push(computed)
        computed = 0
      }
    }
    if (next.value === 'cancelled') return
    const [promptMilliseconds = computed, ...others] = times
    const seconds = others.reduce((sum, time) => sum + time, 0) / 1000
    const tokensPerSecond = seconds > 0 ? others.length / seconds : 0
    yield {
      type: 'end',
      reason: next.value,
      device: generator.device,
      tokens: times.length,
      tokensPerSecond,
      promptMilliseconds,
      text: rest,
    }
  } catch (error) {
    // Nobody listens any more.
    if (!(error instanceof CancelledError && signal.aborted)) throw error
  }
}

function describeChoice({ base, spellm }: ChoiceDetail, { tokenizer, speller }: TextGenerator): TokenDetail {
  const tokens = (unit: number) => (speller ? tokensOf(speller, unit) : [unit])
  const textOf = (unit: number) => {
    const entry = tokenizer.entries[unit]
    return entry?.special ? entry.content : tokenizer.decodeContinuation(tokens(unit))
  }
  const describe = ({ index, logProbability, probability }: ScoredIndex): Candidate => ({
    token: tokens(index)[0]!,
    text: textOf(index),
    logProbability,
    probability,
  })
  const detail = { base: base.map(describe) }
  if (!spellm || !speller) return { ...detail, trie: null, free: null, heads: null, doubt: null }
  const { alphabet } = speller
  const symbolText = (symbol: number) =>
    alphabet.tokenSymbols && symbol === otherSymbol(alphabet)
      ? 'OTHER'
      : describeSymbol(alphabet, symbol, tokenizer.entries)
  const { symbols, unit } = spellm.free
  return {
    ...detail,
    trie: spellm.trie.map(describe),
    doubt: spellm.doubt ?? null,
    free: { spelled: symbols.map(symbolText).join(''), token: tokens(unit)[0]!, text: textOf(unit) },
    heads: spellm.heads.map((head) =>
      head.map(({ index, probability }) => ({ symbol: symbolText(index), probability })),
    ),
  }
}
