import type { TiktokenBPE } from 'js-tiktoken/lite'
import o200k from 'js-tiktoken/ranks/o200k_base'
import type { VocabularyEntry } from '../../src-main/tokenizer/vocabulary-entry.ts'

/** The first `size` tokens of a real vocabulary of 199,998 (o200k_base): multilingual text and code. */
export function realVocabulary(size: number): VocabularyEntry[] {
  return vocabularyOf(o200k).slice(0, size)
}

/** A vocabulary without its special tokens. */
export function vocabularyOf({ bpe_ranks: ranks }: TiktokenBPE): VocabularyEntry[] {
  return ranks.split('\n').flatMap((line) => {
    const [, , ...tokens] = line.split(' ')
    return tokens.map((token) => {
      const bytes = Uint8Array.from(Buffer.from(token, 'base64'))
      return { bytes, special: false, content: Buffer.from(bytes).toString() }
    })
  })
}
