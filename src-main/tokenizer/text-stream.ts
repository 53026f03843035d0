import type { VocabularyEntry } from './vocabulary-entry.ts'
import type { TokenDecoder } from './decoder.ts'

/** Turns tokens into text one by one, holding back a character until all of its bytes are there. */
export interface TextStream {
  /** The text that became complete with this token. */
  push(id: number): string
  /** What is left; bytes of an unfinished character become U+FFFD. */
  flush(): string
}

const nothing = new Uint8Array()

/** @param beginsText whether the first token that stands for text begins one, so that its leading space may go */
export function createTextStream(
  entries: readonly VocabularyEntry[],
  tokenDecoder: TokenDecoder,
  beginsText: boolean,
): TextStream {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  let isFirst = beginsText
  return {
    push: (id) => {
      const entry = entries[id]
      let bytes = entry?.bytes ?? nothing
      if (isFirst && entry !== undefined && bytes.length > 0) {
        isFirst = false
        bytes = tokenDecoder.firstBytesOf(entry.content)
      }
      return decoder.decode(bytes, { stream: true })
    },
    flush: () => decoder.decode(),
  }
}
