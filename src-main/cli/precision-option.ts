import { Option } from 'commander'
import { precisions } from '../models/precision.ts'

/** `--precision`, for commands that load a base model. */
export function precisionOption(description: string): Option {
  return new Option('--precision <name>', description).choices(precisions)
}
