import { setImmediate } from 'node:timers/promises'
import type { GenerationMode, TextGenerator } from '../../decode/text-generator.ts'
import { CancelledError, SpellmError } from '../../base/errors.ts'
import { clusteredShare, type Share } from '../clustered-share.ts'
import type { ExactTask } from './task-file.ts'

/** Exact-match tasks: of each mode, the share of right continuations. */
export interface ExactResults {
  readonly tasks: number
  readonly exactMatch: Readonly<Partial<Record<GenerationMode, Share>>>
}

/** One task and what each mode wrote. */
export interface WrittenExactTask {
  readonly task: ExactTask
  readonly texts: ReadonlyMap<GenerationMode, string>
}

/**
 * Lets modes continue each task's context greedily, up to a stop text.
 *
 * @param path the file of the tasks, for messages
 * @throws SpellmError 'text-invalid' for a context that the model can't hold; CancelledError when the signal fires
 */
export async function writeExactTasks(
  generator: TextGenerator,
  modes: readonly GenerationMode[],
  path: string,
  tasks: readonly ExactTask[],
  {
    candidates,
    gateShare,
    onProgress,
    signal,
  }: {
    readonly candidates?: number
    readonly gateShare?: number
    readonly onProgress?: (done: number) => void
    readonly signal?: AbortSignal | undefined
  } = {},
): Promise<WrittenExactTask[]> {
  const { contextLength } = generator.base.architecture
  for (const { context, line } of tasks) {
    const length = generator.promptTokens(context).length
    if (length > contextLength)
      throw new SpellmError(
        'text-invalid',
        `${path}, line ${line}: the context has ${length} tokens; the model takes 1 to ${contextLength}.`,
        'Shorten the context.',
      )
  }
  let done = 0
  return generator.forEachText(tasks, async (task, kvContext) => {
    const { context, stop, maxTokens } = task
    const texts = new Map<GenerationMode, string>()
    for (const mode of modes) {
      let text = ''
      const options = {
        mode,
        sampling: null,
        maxTokens,
        stop,
        ...(candidates === undefined ? {} : { candidates }),
        ...(gateShare === undefined ? {} : { gateShare }),
        ...(signal ? { signal } : {}),
      }
      for await (const piece of generator.write(context, kvContext, options)) text += piece.text
      if (signal?.aborted) throw new CancelledError()
      texts.set(mode, text)
      await setImmediate()
    }
    onProgress?.(++done)
    return { task, texts }
  })
}

/** Whether a text is what a task expects, apart from white space around it. */
export function isExact({ expected }: ExactTask, text: string): boolean {
  return text.trim() === expected.trim()
}

/** The shares of right continuations. */
export function exactResults(
  written: readonly WrittenExactTask[],
  modes: readonly GenerationMode[],
): ExactResults {
  const shareOf = (mode: GenerationMode) =>
    clusteredShare(
      written.map(({ task, texts }) => ({ sum: isExact(task, texts.get(mode)!) ? 1 : 0, count: 1 })),
    )
  return {
    tasks: written.length,
    exactMatch: Object.fromEntries(modes.map((mode) => [mode, shareOf(mode)])),
  }
}
