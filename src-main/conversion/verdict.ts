import { createTextGenerator, modelOfSpellm, type TextGenerator } from '../decode/text-generator.ts'
import { readChunk, type TeacherCache } from '../distill/teacher-cache.ts'
import { CancelledError } from '../errors.ts'
import type { Device } from '../runtime/devices/device.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import { openSpellm } from '../spellm/spellm.ts'
import type { Verdict } from './result.ts'

const prompts = 6
const writtenTokens = 96

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
  const ratios: number[] = []
  let sameText = true
  let done = 0
  try {
    // The first texts load the head and measure what passes cost.
    for (const mode of ['base', 'lossless'] as const)
      await write(generator, questions[0]!, mode, { signal, turn })
    for (const [i, question] of questions.entries()) {
      const order = i % 2 === 0 ? (['base', 'lossless'] as const) : (['lossless', 'base'] as const)
      const written = { base: none, lossless: none }
      for (const mode of order) {
        written[mode] = await write(generator, question, mode, { signal, turn })
        onProgress(++done, 2 * questions.length)
      }
      sameText &&= written.base.tokens.join() === written.lossless.tokens.join()
      if (written.base.perToken > 0) ratios.push(written.base.perToken / written.lossless.perToken)
    }
  } finally {
    await generator.release()
  }
  ratios.sort((a, b) => a - b)
  return { mode: 'lossless', speedup: ratios[ratios.length >> 1] ?? null, sameText }
}

interface Written {
  readonly tokens: readonly number[]
  /** Milliseconds of a token after the first; 0: there was one only. */
  readonly perToken: number
}
const none: Written = { tokens: [], perToken: 0 }

async function write(
  generator: TextGenerator,
  question: readonly number[],
  mode: 'base' | 'lossless',
  { signal, turn }: { readonly signal: AbortSignal | undefined; readonly turn: Turn },
): Promise<Written> {
  const tokens: number[] = []
  let first = 0
  const options = { mode, sampling: null, maxTokens: writtenTokens, stop: [], turn }
  const stream = generator.write(question, generator.createConversation(), {
    ...options,
    ...(signal ? { signal } : {}),
  })
  for await (const { token } of stream) {
    if (token === null) continue
    if (tokens.length === 0) first = performance.now()
    tokens.push(token)
  }
  if (signal?.aborted) throw new CancelledError()
  const perToken = tokens.length > 1 ? (performance.now() - first) / (tokens.length - 1) : 0
  return { tokens, perToken }
}

/** The beginnings of held-out answers: what stands before each, with the prefix that all have. */
export async function questionsOf(cache: TeacherCache, prefix: readonly number[]): Promise<number[][]> {
  const { ids, starts, inAnswer } = await readChunk(cache, 0)
  if (!ids || !starts || !inAnswer) throw new TypeError('a cache of a text that the model did not write')
  const { tokens } = cache.shape
  const questions: number[][] = []
  const windows = Math.floor(ids.length / tokens)
  const stride = Math.max(1, Math.floor(windows / prompts))
  for (let window = 0; window < windows && questions.length < prompts; window += stride) {
    const start = window * tokens
    let end = start
    while (end < start + tokens && !inAnswer[end] && starts[end] === start) end++
    if (end < start + tokens && inAnswer[end])
      questions.push([...prefix.slice(0, -1), ...ids.subarray(start, end + 1)])
  }
  return questions
}
