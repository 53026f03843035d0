import { createHash } from 'node:crypto'
import type { Tokenizer } from '../../tokenizer/index.ts'
import type { BaseModel } from '../../models/base-model.ts'
import type { ChunkRange } from '../schedule.ts'
import { allChunks, chunkPlace, missingChunks, openCacheFolder, type TeacherCache } from '../teacher-cache.ts'
import { writeChunk } from '../teacher-chunk.ts'
import type { ConversationPieces } from './conversation-pieces.ts'
import type { WritingStyle } from './sequence.ts'
import type { OwnTextShape } from './shape.ts'
import { createOwnTextWriter, type WriterOptions } from './writer.ts'

/** What decides a text that a model writes itself. */
export interface OwnText {
  readonly pieces: ConversationPieces
  readonly shape: OwnTextShape
  readonly style: WritingStyle
}

/**
 * Lets a model write the rounds of a text that aren't there yet, each a chunk of the cache, with the states that it went
 * through.
 *
 * @param cache of `ownTextCacheShape`
 * @param range the chunks that are wanted; default: all
 * @param onProgress called with the positions of the range that are written
 * @throws CancelledError when the signal fires, SpellmError 'disk-full' | 'out-of-memory'; whole rounds stay
 */
export async function fillOwnText(
  cache: TeacherCache,
  { pieces, shape, style }: OwnText,
  model: BaseModel,
  tokenizer: Pick<Tokenizer, 'entries' | 'vocabularySize'>,
  {
    range = allChunks(cache),
    onProgress,
    ...options
  }: Pick<WriterOptions, 'device' | 'threads' | 'signal' | 'turn' | 'onConversation'> & {
    readonly range?: ChunkRange
    readonly onProgress?: (done: number) => void
  },
): Promise<void> {
  await openCacheFolder(cache.folder)
  const identity = createHash('sha256')
    .update(JSON.stringify([pieces, shape, style]))
    .digest('hex')
  const missing = await missingChunks(cache, () => identity, range)
  if (missing.length === 0) return
  let before = (range.to - range.from - missing.length) * cache.positionsPerChunk
  const onPass = (positions: number) => onProgress?.(before + positions)
  const writer = await createOwnTextWriter(model, tokenizer, pieces, {
    ...options,
    ...shape,
    ...style,
    onPass,
  })
  try {
    for (const round of missing) {
      await writeChunk(chunkPlace(cache, round), identity, await writer.write(round))
      before += cache.positionsPerChunk
    }
  } finally {
    await writer.release()
  }
}
