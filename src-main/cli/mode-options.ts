import { InvalidArgumentError, Option } from 'commander'
import { defaultGateShare } from '../decode/calibrate-gate.ts'
import type { GenerationMode } from '../decode/mode-parts.ts'
import { defaultCandidates } from '../decode/shortlist.ts'
import { decodeModes, modeNames, modeOf, noteOnMode, type DecodeMode } from '../spellm/decode-modes.ts'
import { decimal, integer } from './arguments.ts'

/** `--candidates`: the n of trie(n). */
export function candidatesOption(): Option {
  return new Option('--candidates <n>', 'spelled tokens that trie mode scores exactly; 0: by their spelling')
    .argParser(integer(0, 1024))
    .default(defaultCandidates)
}

/** `--gate-share`: gated mode's. */
export function gateShareOption(): Option {
  return new Option('--gate-share <share>', "share of steps that gated mode gives to the base model's head")
    .argParser(decimal(0, 1))
    .default(defaultGateShare)
}

/** `--mode`, for commands that write. Gives undefined where none is named; former names get a message that says the new one. */
export function modeOption(): Option {
  return new Option(
    '--mode <mode>',
    `how tokens are picked (default: the SpeLLM's own; choices: ${[...decodeModes, 'base'].join(', ')})`,
  ).argParser((name: string): GenerationMode =>
    name === 'base' ? name : namedMode(name, [...decodeModes, 'base']),
  )
}

/** `--mode`, for commands that measure several. Gives undefined where none is named. */
export function measuredModesOption(): Option {
  return new Option(
    '--mode <mode>',
    `a mode to measure; repeat it for several (default: all; choices: ${decodeModes.join(', ')})`,
  ).argParser((name: string, earlier: readonly DecodeMode[] | undefined): DecodeMode[] => [
    ...new Set([...(earlier ?? []), namedMode(name, decodeModes)]),
  ])
}

/** @param choices what may be named, for the message */
function namedMode(name: string, choices: readonly string[]): DecodeMode {
  const known = modeNames.find((mode) => mode === name)
  if (!known) throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`)
  const note = noteOnMode(known)
  if (note !== null) console.error(note)
  return modeOf(known)
}
