/** GPT-2's rule for cutting text into words: a word keeps the space before it. */
const wordPattern = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

const isPrintable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae

/**
 * One printable character for each of the 256 bytes, as GPT-2 chose them: printable Latin-1 stands
 * for itself, the others follow from U+0100 on. So a space is "Ġ" and a newline "Ċ".
 */
export const byteSymbols: readonly string[] = (() => {
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++))
})()

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
