import { SpellmError } from '../base/errors.ts'
import type { DecodeMode } from '../spellm/decode-modes.ts'
import type { Gate } from '../spellm/gates.ts'
import type { TailSession } from '../spellm/tail-session.ts'
import { defaultGateShare } from './calibrate-gate.ts'
import { freeChooser, trieChooser } from './chooser.ts'
import { watchedHead } from './decode-hooks.ts'
import { gatedChooser } from './gated.ts'
import type { LoadedModel } from './load-model.ts'
import { isGreedy, type Sampling } from './sampling.ts'
import { shortlistChooser } from './shortlist.ts'
import { spellingDrafter } from './spelling-drafter.ts'
import { requireGate, type SpellmModes } from './spellm-modes.ts'

/** The modes that draw from the tail's own ranking of tokens, and so from the tail for sampling where there is one. */
const drawingModes: readonly DecodeMode[] = ['trie', 'lossless']

/**
 * The modes of a SpeLLM whose tail spells every token; of a base model alone, which has none, each throws SpellmError
 * 'setting-invalid'.
 *
 * @param options.path as the model was asked for, for messages
 * @param options.tokenize the ids of a text
 */
export function createSpellingModes(
  loaded: LoadedModel,
  {
    path,
    gates,
    tokenize,
  }: {
    readonly path: string
    readonly gates: readonly Gate[]
    readonly tokenize: (text: string) => number[]
  },
): SpellmModes {
  const requireTail = (mode: DecodeMode, sampling: Sampling | null): TailSession => {
    const { tail, samplingTail } = loaded
    if (samplingTail && !isGreedy(sampling) && drawingModes.includes(mode)) return samplingTail
    if (tail) return tail
    throw new SpellmError(
      'setting-invalid',
      `${path} is a base model: it has no mode '${mode}'.`,
      "Use the mode 'base', or open a SpeLLM.",
    )
  }
  return {
    choosers: {
      trie: ({ sampling, candidates }) => {
        const tail = requireTail('trie', sampling)
        return candidates === 0
          ? trieChooser(tail, sampling)
          : shortlistChooser(tail, loaded.rows(), candidates, sampling)
      },
      free: ({ sampling }) => freeChooser(requireTail('free', sampling), tokenize, sampling),
      gated: async ({ sampling, gateShare }, hooks) => {
        const tail = requireTail('gated', sampling)
        const head = watchedHead(await loaded.head(), hooks)
        return gatedChooser(tail, head, requireGate(path, gates, gateShare), sampling, loaded.findNear)
      },
    },
    drafts: (picker, { sampling }) => {
      const tail = requireTail('lossless', sampling)
      // Leads of the tail for sampling say nothing of the base model's draws.
      const isUnknown = loaded.samplingTail !== null && !isGreedy(sampling)
      const threshold = isUnknown ? 0 : requireGate(path, gates, defaultGateShare)
      return Promise.resolve({ drafter: spellingDrafter({ tail, rows: loaded.rows(), threshold, picker }) })
    },
  }
}
