import { InvalidArgumentError, Option } from 'commander'
import { defaultGateShare } from '../decode/calibrate-gate.ts'
import { defaultCandidates } from '../decode/shortlist.ts'
import { decimal, integer } from './arguments.ts'
import { decodeModes, type DecodeMode } from '../spellm/decode-modes.ts'

/** `--candidates`: the n of shortlist(n). */
export function candidatesOption(): Option {
  return new Option('--candidates <n>', 'tokens that shortlist mode scores anew')
    .argParser(integer(1, 1024))
    .default(defaultCandidates)
}

/** `--gate-share`: gated mode's. */
export function gateShareOption(): Option {
  return new Option('--gate-share <share>', "share of steps that gated mode gives to the base model's head")
    .argParser(decimal(0, 1))
    .default(defaultGateShare)
}

/** `--mode`, for commands that measure several. Gives undefined where none is named. */
export function measuredModesOption(): Option {
  const names = decodeModes.join(', ')
  return new Option(
    '--mode <mode>',
    `a mode to measure, can be given again (default: all; choices: ${names})`,
  ).argParser((name: string, earlier: readonly DecodeMode[] | undefined): DecodeMode[] => {
    const mode = decodeModes.find((known) => known === name)
    if (mode) return [...(earlier ?? []), mode]
    throw new InvalidArgumentError(`Allowed choices are ${names}.`)
  })
}
