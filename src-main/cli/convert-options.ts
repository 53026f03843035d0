import { resolve } from 'node:path'
import { Option, type Command } from 'commander'
import type { z } from 'zod'
import { textSettingsOf } from '../conversion/kept-text.ts'
import { parseConversionSettings, type conversionSettingsSchema } from '../conversion/settings.ts'
import { objectives, type Objective } from '../distill/position-targets.ts'
import type { Precision } from '../models/precision.ts'
import type { DeviceChoice } from '../runtime/devices/device.ts'
import { unitKinds, type UnitKind } from '../spelling/words.ts'
import { decimal, integer, integerList } from './arguments.ts'
import { deviceOption, ignoreMemoryOption } from './device-option.ts'
import { precisionOption } from './precision-option.ts'

const defaults = parseConversionSettings({ base: 'sample' })

/** What a conversion is asked for with. */
export interface ConvertOptions {
  readonly text?: string[]
  readonly questions?: string[]
  readonly textOf?: string
  readonly tokens?: number
  readonly k?: number
  readonly units: UnitKind
  readonly alphabet: string
  readonly adapter?: number[]
  readonly symbols?: number | 'auto'
  readonly contextSymbols: number
  readonly objective: Objective
  readonly epochs: number
  readonly batch?: number
  readonly adapterLr?: number
  readonly headsLr?: number
  readonly seed: number
  readonly device: DeviceChoice
  readonly ignoreMemory: boolean
  readonly precision: Precision
  readonly checkpointEvery: number
  readonly samplingTail: boolean
  readonly window?: number
  readonly keepCache: boolean
}

/** What the model learns from. */
export const addTextOptions = (command: Command): Command =>
  command
    .option('--text <file...>', 'text or JSONL to learn from (default: text that the model writes itself)')
    .option(
      '--questions <file...>',
      'what your users ask, one question per line, or JSONL with "question", "prompt" or "messages": the model answers, and the SpeLLM learns from that',
    )
    .option(
      '--text-of <run>',
      'learn from the text and states of an earlier run of the same model; the settings that decide the text are those of that run',
    )
    .option(
      '--tokens <n>',
      'tokens to learn from (default: 122,880; 800,000 without token symbols)',
      integer(1000),
    )

/** What the tail is, and what it spells with. */
export const addTailOptions = (command: Command): Command =>
  command
    .option(
      '--symbols <n>',
      "whole tokens that are symbols of their own: a number, 'auto' (default: as many as save more than they read, but at least 4,096 where they fit), or 0: every token is spelled",
      symbolCount,
    )
    .option(
      '--context-symbols <n>',
      'maximum number of tokens of the text so far that also count as symbols',
      integer(0, 65_536),
      defaults.contextSymbols,
    )
    .addOption(
      new Option(
        '--objective <kind>',
        "what a tail with token symbols learns: the base model's whole distribution, or its choices",
      )
        .choices([...objectives])
        .default(defaults.objective),
    )
    .option('-k, --k <n>', 'longest spelling, in symbols (default: 12; 4 with pieces)', integer(0))
    .addOption(
      new Option(
        '--units <kind>',
        'what the heads spell in one step: a token, or up to a whole word of several',
      )
        .choices([...unitKinds])
        .default(defaults.units),
    )
    .option(
      '--alphabet <name>',
      "what spells the tokens that have no symbol: auto, auto:N, ascii, latin1, bytes, 'characters:abc…', or 'pieces' or 'pieces:N', bytes and the tokenizer's own first N pieces; or nothing: 'groups', 'groups:G' or 'groups:G:N' learns G groups of tokens, of which a step looks at up to N",
      defaults.alphabet,
    )
    .option(
      '--adapter <widths>',
      'inner widths of the adapter’s blocks (default: sized to the model)',
      integerList,
    )

/** How it is trained, and what is kept. */
export const addTrainingOptions = (command: Command): Command =>
  command
    .option('--epochs <n>', 'passes over the text', integer(1), defaults.epochs)
    .option(
      '--batch <tokens>',
      'tokens of a training step (default: 512; 2,048 without token symbols)',
      integer(1),
    )
    .option(
      '--adapter-lr <rate>',
      `peak learning rate of the adapter (default: ${defaults.peakLearningRates.adapter})`,
      decimal(0, 1),
    )
    .option(
      '--heads-lr <rate>',
      'peak learning rate of the heads (default: 0.004; 0.005 without token symbols)',
      decimal(0, 1),
    )
    .option('--seed <n>', 'the same seed gives the same SpeLLM', integer(0, 2 ** 32 - 1), defaults.seed)
    .addOption(deviceOption())
    .addOption(ignoreMemoryOption())
    .addOption(
      precisionOption(
        "the base model's weights: as stored, a GGUF's own blocks (kept), or quantised; made once for the data folder",
      ).default(defaults.precision),
    )
    .option(
      '--checkpoint-every <seconds>',
      'seconds between checkpoints: what a crash can cost',
      decimal(0, 86_400),
      defaults.checkpointSeconds,
    )
    .option(
      '--sampling-tail',
      "learn a second tail with the base model's probabilities, for temperatures above 0",
      defaults.samplingTail,
    )
    .option(
      '--window <tokens>',
      'tokens whose states are on disk at once, learnt from before the next ones (default: all, if there is room)',
      integer(1000),
    )
    .option('--keep-cache', 'keep the teacher cache, or its last window, after the run', defaults.keepCache)

/**
 * Options with those of an earlier run where its text is to be learnt from and nobody says otherwise. Throws as
 * `textSettingsOf`.
 */
export async function withTextOf(options: ConvertOptions, command: Command): Promise<ConvertOptions> {
  if (options.textOf === undefined) return options
  const textOf = resolve(options.textOf)
  const { texts, questions, tokens, seed, precision } = await textSettingsOf(textOf)
  const isGiven = (name: keyof ConvertOptions) => command.getOptionValueSource(name) === 'cli'
  return {
    ...options,
    textOf,
    text: options.text ?? texts,
    questions: options.questions ?? questions,
    tokens: options.tokens ?? tokens,
    seed: isGiven('seed') ? options.seed : seed,
    precision: isGiven('precision') ? options.precision : precision,
  }
}

/** The settings that options ask for. Throws SpellmError 'setting-invalid'. */
export function settingsOf(base: string, options: ConvertOptions) {
  const { adapter, tokens, symbols, batch, adapterLr, headsLr } = options
  const known = parseConversionSettings({
    base,
    texts: options.text ?? [],
    questions: options.questions ?? [],
    ...(options.textOf === undefined ? {} : { textOf: options.textOf }),
    ...(tokens === undefined ? {} : { tokens }),
    ...(options.k === undefined ? {} : { k: options.k }),
    units: options.units,
    alphabet: options.alphabet,
    ...(symbols === undefined ? {} : { tokenSymbols: symbols }),
    contextSymbols: options.contextSymbols,
    objective: options.objective,
    ...(adapter ? { adapterWidths: adapter } : {}),
    epochs: options.epochs,
    ...(batch === undefined ? {} : { batchTokens: batch }),
    seed: options.seed,
    device: options.device,
    precision: options.precision,
    checkpointSeconds: options.checkpointEvery,
    samplingTail: options.samplingTail,
    ...(options.window === undefined ? {} : { windowTokens: options.window }),
    keepCache: options.keepCache,
  } satisfies z.input<typeof conversionSettingsSchema>)
  const rates = known.peakLearningRates
  return parseConversionSettings({
    ...known,
    peakLearningRates: { adapter: adapterLr ?? rates.adapter, heads: headsLr ?? rates.heads },
  })
}

/** Throws InvalidArgumentError for anything but 'auto' and whole numbers. */
const symbolCount = (text: string): number | 'auto' =>
  text === 'auto' ? 'auto' : integer(0, 1_000_000)(text)
