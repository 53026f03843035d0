import { conversationPieces } from '../distill/own-text/conversation-pieces.ts'
import { ownTextMemoryBytes, ownTextShape, type OwnTextShape } from '../distill/own-text/shape.ts'
import { createOwnTextWriter, type WriterOptions } from '../distill/own-text/writer.ts'
import type { WrittenPositions } from '../distill/teacher-chunk.ts'
import { openChatTemplate } from '../formats/chat-template.ts'
import type { Tokenizer } from '../formats/tokenizer.ts'
import type { BaseModel } from '../models/base-model.ts'
import type { TextWindow } from './read-windows.ts'

/** A pass over the weights takes about as long for so many sequences as for half of them. */
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
  const shape = { ...most, sequences: sequencesFor(positions, base, most) }
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
      for (const window of conversationsOf(await writer.write(round), pieces.prefix, shape)) {
        windows.push(window)
        counted += window.isCounted!.reduce((sum, own) => sum + own, 0)
      }
    }
  } finally {
    await writer.release()
  }
  return windows
}

/** As many as a round needs, about three quarters of which are answers. */
function sequencesFor(positions: number, base: BaseModel, { sequences, tokens }: OwnTextShape): number {
  let fitting = Math.min(mostSequences, sequences)
  const isTooMany = () =>
    fitting * tokens * 0.375 > positions ||
    ownTextMemoryBytes(base.architecture, { sequences: fitting, tokens }) > mostMemoryBytes
  while (fitting > leastSequences && isTooMany()) fitting /= 2
  return fitting
}

/** The conversations of a round that have come to an answer; the last one of a sequence is cut where the sequence ends. */
function conversationsOf(
  { ids, starts, inAnswer }: WrittenPositions,
  prefix: readonly number[],
  { tokens }: OwnTextShape,
): TextWindow[] {
  const windows: TextWindow[] = []
  for (let start = 0; start < ids.length;) {
    let end = start + 1
    while (end < ids.length && starts[end] === start && end % tokens !== 0) end++
    // A conversation's first token is the prefix's last.
    const before = prefix.slice(0, -1)
    const isCounted = Uint8Array.from([...before.map(() => 0), ...inAnswer.subarray(start, end)])
    if (isCounted.includes(1))
      windows.push({ ids: Int32Array.from([...before, ...ids.subarray(start, end)]), isCounted })
    start = end
  }
  return windows
}

/** The tokens of each window up to its answer: what a generator is asked to continue. */
export function questionsOf(windows: readonly TextWindow[]): number[][] {
  return windows.flatMap(({ ids, isCounted }) => {
    const answer = isCounted?.indexOf(1) ?? -1
    return answer < 0 ? [] : [[...ids.subarray(0, answer + 1)]]
  })
}
