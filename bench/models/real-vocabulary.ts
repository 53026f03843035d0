import o200k from 'js-tiktoken/ranks/o200k_base'
import type { VocabularyEntry } from '../../src-main/spelling/vocabulary.ts'

/** The first `size` tokens of a real vocabulary of 199,998 (o200k_base): multilingual text and code. */
export function realVocabulary(size: number): VocabularyEntry[] {
  const entries: VocabularyEntry[] = []
  for (const line of o200k.bpe_ranks.split('\n')) {
    const [, , ...tokens] = line.split(' ')
    for (const token of tokens) {
      if (entries.length === size) return entries
      const bytes = Uint8Array.from(Buffer.from(token, 'base64'))
      entries.push({ bytes, special: false, content: Buffer.from(bytes).toString() })
    }
  }
  return entries
}
