import type { Command } from 'commander'
import type { Sampling } from '../decode/sampling.ts'
import { decimal, integer } from './arguments.ts'

/** How a command's tokens are picked. */
export interface SamplingOptions {
  readonly temperature?: number
  readonly topK?: number
  readonly topP?: number
  readonly minP?: number
  readonly repetitionPenalty?: number
  readonly presencePenalty?: number
  readonly frequencyPenalty?: number
  readonly seed: number
}

/** Adds the options of `samplingOf`. */
export function addSamplingOptions(command: Command): Command {
  return command
    .option('--temperature <t>', 'sample at this temperature (default: 0, the best token)', decimal(0, 100))
    .option('--top-k <n>', 'sample from the n best tokens only', integer(1))
    .option(
      '--top-p <p>',
      'nucleus sampling: only the smallest set of tokens whose probabilities sum to this',
      decimal(0.001, 1),
    )
    .option('--min-p <p>', 'drop tokens below this fraction of the best probability', decimal(0, 1))
    .option(
      '--repetition-penalty <x>',
      'penalise tokens that the prompt or the text already has (1: off)',
      decimal(0.01, 100),
    )
    .option('--presence-penalty <x>', 'penalise tokens that were already written (0: off)', decimal(-2, 2))
    .option('--frequency-penalty <x>', 'the same, for each time that they were written', decimal(-2, 2))
    .option('--seed <n>', 'the same seed draws the same text', integer(0, 2 ** 32 - 1), 0)
}

/** null if no option asks for anything but the best token; penalties and biases alone don't ask for sampling. */
export function samplingOf(
  { temperature, topK, topP, minP, seed, ...options }: SamplingOptions,
  logitBias: NonNullable<Sampling['logitBias']> = [],
): Sampling | null {
  const { repetitionPenalty, presencePenalty, frequencyPenalty } = options
  const penalties = { repetitionPenalty, presencePenalty, frequencyPenalty }
  const isDrawn = [topK, topP, minP].some((option) => option !== undefined)
  const isPenalized = Object.values(penalties).some((penalty) => penalty !== undefined)
  if (!isDrawn && (temperature ?? 0) === 0 && !isPenalized && logitBias.length === 0) return null
  return { temperature: temperature ?? (isDrawn ? 1 : 0), topK, topP, minP, ...penalties, logitBias, seed }
}
