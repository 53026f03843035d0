/**
 * A token's text with everything invisible made visible: '·' for a space, '↵' for a line feed, pictures for
 * control characters, code points for what would rearrange the text around it.
 */
export function visibleText(text: string): string {
  if (text === '') return '∅'
  return text.replace(/[\s\p{Cc}\p{Cf}]/gu, (character) => {
    if (character === ' ') return '·'
    if (character === '\n') return '↵'
    if (character === '\t') return '⇥'
    const code = character.codePointAt(0)!
    return code < 0x20 ? String.fromCodePoint(0x2400 + code) : `‹${code.toString(16).toUpperCase()}›`
  })
}
