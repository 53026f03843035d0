import { Command } from 'commander'
import type { KvContext } from '../decode/generate.ts'
import { ownCosts } from '../decode/known-costs.ts'
import {
  openTextGenerator,
  type GenerationMode,
  type Prompt,
  type TextGenerator,
  type TextOptions,
} from '../decode/text-generator.ts'
import type { Precision } from '../models/precision.ts'
import { resolveModel } from '../hub/index.ts'
import type { DeviceChoice } from '../runtime/devices/device.ts'
import { integer } from './arguments.ts'
import { chosenDevice, deviceOption, ignoreMemoryOption } from './device-option.ts'
import { logitBiasOption, resolveBiases, type NamedBias } from './logit-bias.ts'
import { candidatesOption, gateShareOption, modeOption } from './mode-options.ts'
import { interruptSignal, progressBar } from './output.ts'
import { precisionOption } from './precision-option.ts'
import { addSamplingOptions, samplingOf, type SamplingOptions } from './sampling-options.ts'

/** Options of the commands that write. */
export interface WritingOptions extends SamplingOptions {
  readonly maxTokens: number
  readonly mode?: GenerationMode
  readonly logitBias?: readonly NamedBias[]
  readonly candidates: number
  readonly gateShare: number
  readonly stop?: string[]
  readonly base?: string
  readonly device: DeviceChoice
  readonly ignoreMemory: boolean
  readonly precision?: Precision
  readonly json: boolean
}

/** `spellm generate`. */
export function generateCommand(): Command {
  return addWritingOptions(
    new Command('generate')
      .description('Continue a text with a SpeLLM or a base model.')
      .argument('<folder>', "a run's or SpeLLM's folder, a model's folder, .gguf file or Hub id, or 'sample'")
      .requiredOption('--prompt <text>', 'the text to continue'),
  ).action(async (folder: string, options: WritingOptions & { readonly prompt: string }) => {
    const generator = await openWriter(folder, options)
    const show = options.json ? () => undefined : (text: string) => process.stdout.write(text)
    show(options.prompt)
    const result = await writeText(generator, options.prompt, {
      ...textOptions(generator, options),
      signal: interruptSignal(),
      onText: show,
    })
    if (options.json) console.log(JSON.stringify({ ...result, device: generator.device }))
    else console.error(`\n\n${describeRate(result, generator)}`)
    await generator.release()
  })
}

/** Adds what all commands that write have in common. */
export function addWritingOptions(command: Command): Command {
  return addSamplingOptions(command)
    .option('--max-tokens <n>', 'maximum number of tokens', integer(1), 128)
    .addOption(modeOption())
    .addOption(candidatesOption())
    .addOption(gateShareOption())
    .addOption(logitBiasOption())
    .option('--stop <text...>', 'stop before any of these texts')
    .option('--base <folder>', 'where the base model is, if it has moved')
    .addOption(deviceOption())
    .addOption(ignoreMemoryOption())
    .addOption(precisionOption("the base model's weights (default: as the SpeLLM has learnt, or as stored)"))
    .option('--json', 'print as one line of JSON', false)
}

/** Opens the model that a command names. */
export async function openWriter(folder: string, options: WritingOptions): Promise<TextGenerator> {
  const path = await resolveModel(folder)
  const device = await chosenDevice(options.device)
  const bar = progressBar('Quantising', 'weights')
  const generator = await openTextGenerator(path, {
    device,
    ignoresShortage: options.ignoreMemory,
    precision: options.precision,
    quantization: { onQuantize: (done, total) => bar.update(done, total) },
    onNotice: (message) => console.error(message),
    knownCosts: ownCosts(),
    ...(options.base === undefined ? {} : { basePath: await resolveModel(options.base) }),
  })
  bar.end()
  return generator
}

/** How a command's options ask for a text. */
export function textOptions(generator: TextGenerator, options: WritingOptions): TextOptions {
  const { maxTokens, stop = [], candidates, gateShare } = options
  const mode = options.mode ?? generator.modes[0]!
  const sampling = samplingOf(options, resolveBiases(options.logitBias ?? [], generator.tokenizer))
  return { mode, sampling, maxTokens, stop, candidates, gateShare }
}

/** A line for people: tokens, speed, mode and device. */
export function describeRate(
  { tokens, tokensPerSecond, mode }: WrittenText,
  { device }: TextGenerator,
): string {
  return `${tokens} tokens, ${tokensPerSecond.toFixed(0)} tokens/s, mode ${mode}, device ${device}`
}

/** A text and how fast it was written. */
export interface WrittenText {
  readonly text: string
  readonly tokens: number
  readonly tokensPerSecond: number
  readonly mode: GenerationMode
}

/** Writes a text to its end and measures; the rate counts from the first token on, after the prompt was read. */
export async function writeText(
  generator: TextGenerator,
  prompt: Prompt,
  {
    onText,
    kvContext = generator.createKvContext(),
    ...options
  }: TextOptions & {
    readonly onText?: (text: string) => void
    /** Given the same one again with a longer prompt, only what is new is computed. */
    readonly kvContext?: KvContext
  },
): Promise<WrittenText> {
  let text = ''
  let tokens = 0
  let first = 0
  for await (const piece of generator.write(prompt, kvContext, options)) {
    if (tokens === 0) first = performance.now()
    if (piece.token !== null) tokens++
    text += piece.text
    onText?.(piece.text)
  }
  const seconds = (performance.now() - first) / 1000
  return { text, tokens, tokensPerSecond: tokens > 1 ? (tokens - 1) / seconds : 0, mode: options.mode }
}
