import { conversationPieces } from '../distill/own-text/conversation-pieces.ts'
import { conversationsIn } from '../distill/own-text/questions.ts'
import { ownTextShape, type OwnTextShape } from '../distill/own-text/shape.ts'
import { createOwnTextWriter, type WriterOptions } from '../distill/own-text/writer.ts'
import { openChatTemplate } from '../tokenizer/chat-template.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { BaseModel } from '../models/base-model.ts'
import type { TextWindow } from './read-windows.ts'

/** A pass over the weights takes about as long for this many sequences as for half of them. */
const mostSequences = 64
const leastSequences = 8
/** Keys and values of all sequences may take so much. */
const mostMemoryBytes = 2 ** 31

export interface OwnWindowsOptions extends Pick<
  WriterOptions,
  'seed' | 'answers' | 'device' | 'signal' | 'turn'
> {
  /** Positions of answers, at least. */
  readonly positions: number
  /** Told of the positions of answers that are written. */
  readonly onProgress?: (done: number) => void
}

/**
 * What a model writes when it asks itself and answers, or begins documents: each conversation a window, from its prefix on, in
 * which the positions of the answer count.
 *
 * @throws SpellmError 'model-unsupported' if the model can't begin a text, 'out-of-memory'; CancelledError when the signal
 *   fires
 */
export async function writeOwnWindows(
  base: BaseModel,
  tokenizer: Tokenizer,
  { positions, onProgress, ...options }: OwnWindowsOptions,
): Promise<TextWindow[]> {
  const { pieces } = conversationPieces(await openChatTemplate(base.folder), tokenizer, base)
  const most = ownTextShape(base.architecture, pieces, {
    memoryBytes: mostMemoryBytes,
    device: options.device ?? 'cpu',
  })
  const shape = { ...most, sequences: sequencesFor(positions, most) }
  const windows: TextWindow[] = []
  let counted = 0
  const writer = await createOwnTextWriter(base, tokenizer, pieces, {
    ...options,
    ...shape,
    questions: null,
    onPass: (done) => onProgress?.(Math.min(positions, counted + done)),
  })
  try {
    for (let round = 0; counted < positions; round++) {
      for (const { ids, inAnswer } of conversationsIn(await writer.write(round), pieces.prefix)) {
        const answered = inAnswer.reduce((sum, own) => sum + own, 0)
        if (answered > 0) windows.push({ ids, isCounted: inAnswer })
        counted += answered
      }
    }
  } finally {
    await writer.release()
  }
  return windows
}

/** As many as a round needs, about three quarters of which are answers. */
function sequencesFor(positions: number, { sequences, tokens }: OwnTextShape): number {
  let fitting = Math.min(mostSequences, sequences)
  while (fitting > leastSequences && fitting * tokens * 0.375 > positions) fitting /= 2
  return fitting
}

/** The tokens of each window up to its answer: what a generator is asked to continue. */
export function questionsOf(windows: readonly TextWindow[]): number[][] {
  return windows.flatMap(({ ids, isCounted }) => {
    const answer = isCounted?.indexOf(1) ?? -1
    return answer < 0 ? [] : [[...ids.subarray(0, answer + 1)]]
  })
}
