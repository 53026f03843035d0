import type { ConsoleMode } from '../../../src-main/contract/index.ts'
import { strings } from '../../strings/index.ts'

const text = strings.console

/** Who writes in a mode: 'Base' or 'SpeLLM (trie)'. */
export const outputName = (mode: ConsoleMode): string =>
  mode === 'base' ? text.base : text.spellm(text.modes[mode])
