import { createTextGenerator, modelOfSpellm } from '../decode/text-generator.ts'
import { questionsIn } from '../distill/own-text/questions.ts'
import { readChunk, type TeacherCache } from '../distill/teacher-cache.ts'
import { summariseTexts, writeInTurns } from '../benchmark/written-texts.ts'
import type { Device } from '../runtime/devices/device.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import { openSpellm } from '../spellm/spellm.ts'
import type { Verdict } from './result.ts'

const prompts = 6
const writtenTokens = 96
const modes = ['base', 'lossless'] as const

/**
 * What a SpeLLM gains on this machine: it and its base model write the same answers in turns, greedily, on the same trunk, each
 * prompt read before the clock starts.
 *
 * @param folder of the SpeLLM
 * @param questions prompts in tokens
 * @throws SpellmError as `openSpellm` and `createTextGenerator`; CancelledError when the signal fires
 */
export async function measureVerdict(
  folder: string,
  basePath: string,
  questions: readonly (readonly number[])[],
  {
    device,
    onProgress,
    signal,
    turn = ownTurn,
  }: {
    readonly device: Device
    /** Texts that are written, and to be written. */
    readonly onProgress: (done: number, total: number) => void
    readonly signal?: AbortSignal | undefined
    readonly turn?: Turn
  },
): Promise<Verdict> {
  const spellm = await openSpellm(folder, { basePath })
  const generator = await createTextGenerator(modelOfSpellm(folder, spellm), { device })
  let done = 0
  try {
    const texts = await writeInTurns(generator, questions, {
      modes,
      sampling: null,
      maxTokens: writtenTokens,
      turn,
      onText: () => onProgress(++done, modes.length * questions.length),
      ...(signal ? { signal } : {}),
    })
    const { speedup, identicalTexts } = summariseTexts(texts, modes)[1]!
    return { mode: 'lossless', speedup, sameText: identicalTexts === texts.length }
  } finally {
    await generator.release()
  }
}

/** The beginnings of held-out answers: what stands before each, with the prefix that all have. */
export async function questionsOf(cache: TeacherCache, prefix: readonly number[]): Promise<number[][]> {
  const { ids, starts, inAnswer } = await readChunk(cache, 0)
  if (!ids || !starts || !inAnswer) throw new TypeError('a cache of a text that the model did not write')
  return questionsIn({ ids, starts, inAnswer }, cache.shape.tokens, prefix, prompts)
}
