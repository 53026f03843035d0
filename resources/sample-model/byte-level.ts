import { byteSymbols } from '../../src-main/tokenizer/byte-symbols.ts'

/** GPT-2's rule for cutting text into words: a word keeps the space before it. */
const wordPattern = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

/** Counts the words of texts, each written in byte symbols. */
export function countByteLevelWords(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) {
    for (const [word] of text.matchAll(wordPattern)) counts.set(word, (counts.get(word) ?? 0) + 1)
  }
  return new Map([...counts].map(([word, count]) => [toByteSymbols(word), count]))
}

function toByteSymbols(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => byteSymbols[byte]!).join('')
}
