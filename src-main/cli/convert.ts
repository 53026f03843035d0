import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Command, Option } from 'commander'
import { z } from 'zod'
import { CancelledError, SpellmError } from '../base/errors.ts'
import { resolveModel } from '../hub/index.ts'
import { descriptionFile } from '../runs/layout.ts'
import type { Precision } from '../models/precision.ts'
import { precisionOption } from './precision-option.ts'
import { type conversionSettingsSchema, parseConversionSettings } from '../conversion/settings.ts'
import { objectives, type Objective } from '../distill/position-targets.ts'
import { convert, resumeConversion } from '../conversion/convert.ts'
import type { ConversionEvent, ConversionPhase } from '../conversion/events.ts'
import { describeWritten } from '../conversion/first-texts.ts'
import { keepsText, textSettingsOf } from '../conversion/kept-text.ts'
import type { ConversionResult } from '../conversion/result.ts'
import { unitKinds, type UnitKind } from '../spelling/words.ts'
import type { DeviceChoice } from '../runtime/devices/device.ts'
import { decimal, integer, integerList } from './arguments.ts'
import { deviceOption, ignoreMemoryOption } from './device-option.ts'
import {
  formatCount,
  formatSeconds,
  formatShare,
  interruptSignal,
  progressBar,
  table,
  type ProgressBar,
} from './output.ts'

const defaults = parseConversionSettings({ base: 'sample' })

interface ConvertOptions {
  readonly out: string
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
  readonly resume: boolean
  readonly json: boolean
}

/** `spellm convert`. */
export function convertCommand(): Command {
  return new Command('convert')
    .description('Convert a model into a SpeLLM.')
    .argument('<model>', "the model's folder or .gguf file, the id of a downloaded model, or 'sample'")
    .requiredOption('--out <folder>', 'new folder for the run: settings, metrics, checkpoints, the SpeLLM')
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
    .option('--resume', 'resume the stopped run in the --out folder, with its own settings', false)
    .option('--json', 'print the result as one line of JSON', false)
    .addHelpText(
      'after',
      '\nExample:\n  spellm convert sample --out runs/first\n  spellm generate runs/first --prompt "Once upon a time"',
    )
    .action(async (model: string, options: ConvertOptions, command: Command) => {
      const view = conversionView()
      const job = {
        onEvent: view.onEvent,
        signal: interruptSignal(),
        ignoresShortage: options.ignoreMemory,
      }
      try {
        const result = options.resume
          ? await resumeConversion(options.out, job)
          : await convert(
              options.out,
              settingsOf(await resolveModel(model), await withTextOf(options, command)),
              job,
            )
        view.end()
        if (options.json) console.log(JSON.stringify({ ...result, out: options.out }))
        else
          console.log(
            [
              describeResult(result),
              '',
              `Try it:  spellm generate ${options.out} --prompt "…"`,
              ...(await describeOtherKind(model, options.out, result)),
            ].join('\n'),
          )
      } catch (error) {
        view.end()
        if (
          existsSync(join(options.out, descriptionFile)) &&
          !(error instanceof SpellmError && error.code === 'file-exists')
        )
          console.error(`Resume with:  spellm convert ${model} --out ${options.out} --resume`)
        if (error instanceof CancelledError && options.json)
          console.log(
            JSON.stringify({
              error: { code: 'cancelled', message: 'Stopped on request.', remedy: 'Resume with --resume.' },
            }),
          )
        throw error
      }
    })
}

/**
 * Options with those of an earlier run where its text is to be learnt from and nobody says otherwise. Throws as
 * `textSettingsOf`.
 */
async function withTextOf(options: ConvertOptions, command: Command): Promise<ConvertOptions> {
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

/** How to learn groups from the text of a run that spells, where it is still there. */
async function describeOtherKind(model: string, out: string, result: ConversionResult): Promise<string[]> {
  const { seconds, textSeconds, groups, tokenSymbols } = result
  if (groups > 0 || tokenSymbols === 0 || !(await keepsText(out))) return []
  const time = textSeconds === null ? '' : `, in about ${formatSeconds(seconds - textSeconds)}`
  return [
    `Learned groups from the same text${time}:  spellm convert ${model} --out ${out}-groups --text-of ${out} --alphabet groups`,
  ]
}

function settingsOf(base: string, options: ConvertOptions) {
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

const labels: Record<ConversionPhase, string> = {
  check: 'Checking',
  text: 'Text',
  cache: 'Teacher',
  targets: 'Probabilities',
  train: 'Training',
  sampling: 'For sampling',
  evaluate: 'Measuring',
}

/** What phases count. */
const units: Record<ConversionPhase, string | null> = {
  check: 'weights',
  text: 'tokens',
  cache: 'tokens',
  targets: 'tokens',
  train: 'tokens',
  sampling: 'tokens',
  evaluate: null,
}

/** Shows a conversion's events as progress bars on standard error. */
export function conversionView(): {
  readonly onEvent: (event: ConversionEvent) => void
  readonly end: () => void
} {
  let bar: ProgressBar | null = null
  let agreement = ''
  const end = () => {
    bar?.end()
    bar = null
  }
  return {
    end,
    onEvent: (event) => {
      switch (event.type) {
        case 'phase':
          end()
          bar = progressBar(labels[event.phase], units[event.phase])
          if (event.phase === 'check' || event.phase === 'evaluate') bar.log(`${labels[event.phase]} …`)
          break
        case 'progress':
          bar?.update(event.done, event.total)
          break
        case 'step':
          bar?.update(
            event.step * event.tokens,
            event.steps * event.tokens,
            `loss ${event.loss.toFixed(3)}${agreement}`,
          )
          break
        case 'samplingStep':
          bar?.update(
            event.done * event.tokens,
            event.steps * event.tokens,
            `divergence ${event.loss.toFixed(3)}`,
          )
          break
        case 'evaluation':
          agreement = `  trie ${formatShare(event.agreement.trie)}  free ${formatShare(event.agreement.free)}`
          break
        case 'written':
          bar?.log(describeWritten(event))
          break
        case 'device':
          bar?.log(`Device: ${event.reason}`)
          break
        case 'notice':
          bar?.log(event.message)
      }
    },
  }
}

/** The result for a person. */
export function describeResult({
  agreement,
  coverage,
  words,
  parameters,
  ...result
}: ConversionResult): string {
  return [
    `Agreement with the base model on ${agreement.positions.toLocaleString('en')} held-out positions:`,
    table([
      ['  trie', formatShare(agreement.trie)],
      ['  free', formatShare(agreement.free)],
    ]),
    result.groups === 0
      ? `k = ${result.k}, alphabet of ${result.alphabetSize} symbols; of the text's tokens ${formatShare(coverage.corpus.covered)} are spelled whole.`
      : `${result.groups.toLocaleString('en')} learned groups of tokens; nothing is spelled.`,
    ...(words === null
      ? []
      : [
          `Of its words, ${words.tokensPerWord.toFixed(2)} tokens each, ${formatShare(words.covered)} are spelled whole; a step can emit up to ${words.tokensPerStep.toFixed(2)} tokens.`,
        ]),
    ...(result.tokenSymbols === 0
      ? []
      : [
          `${result.tokenSymbols.toLocaleString('en')} tokens are symbols of their own; a token without a doubt reads ${formatShare(result.tailShare ?? 0)} of the LM head's weights.`,
        ]),
    ...describeVerdict(result.verdict),
    ...(result.source === null ? [] : [`All figures are those of weights from ${result.source}.`]),
    `Tail of ${formatCount(parameters.tail)} parameters in place of an LM head of ${formatCount(parameters.baseHead)}.`,
    ...(result.samplingTail
      ? [
          `A second tail for sampling, ${result.samplingTail.divergence.toFixed(3)} nats from the base model's distribution.`,
        ]
      : []),
    `${formatCount(result.tokens)} tokens, ${result.steps} steps, ${formatSeconds(result.seconds)}${result.device === null ? '' : `, on ${result.device}`}.`,
  ].join('\n')
}

function describeVerdict(verdict: ConversionResult['verdict']): string[] {
  if (verdict === null) return []
  const { mode, speedup, sameText } = verdict
  const text = sameText ? "the base model's text, token for token" : "not the base model's text everywhere"
  const pace = speedup === null ? '' : `, at ${speedup.toFixed(2)} times its speed on this machine`
  return [`In ${mode} mode it writes ${text}${pace}.`]
}
