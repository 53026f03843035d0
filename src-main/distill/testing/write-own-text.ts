import type { Tokenizer } from '../../tokenizer/index.ts'
import type { BaseModel } from '../../models/base-model.ts'
import type { WrittenPositions } from '../teacher-chunk.ts'
import type { ConversationPieces } from '../own-text/conversation-pieces.ts'
import { createOwnTextWriter, type WriterOptions } from '../own-text/writer.ts'

/**
 * Text without text: conversations, or documents, that the model writes itself, with its states on the way.
 *
 * @param options.firstRound default 0
 * @yields round after round, S · T positions each; never ends by itself
 * @throws as `OwnTextWriter.write`
 */
export async function* writeOwnText(
  model: BaseModel,
  tokenizer: Pick<Tokenizer, 'entries' | 'vocabularySize'>,
  pieces: ConversationPieces,
  { firstRound = 0, ...options }: WriterOptions & { readonly firstRound?: number },
): AsyncGenerator<WrittenPositions, never> {
  const writer = await createOwnTextWriter(model, tokenizer, pieces, options)
  try {
    for (let round = firstRound; ; round++) yield await writer.write(round)
  } finally {
    await writer.release()
  }
}
