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
