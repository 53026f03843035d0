/** Characters of the text before or after a token that are shown. */
const shownCharacters = 32

/** The end of the text before a token, on one line. */
export function endOf(before: string): string {
  const characters = Array.from(onOneLine(before))
  if (characters.length <= shownCharacters) return characters.join('')
  return `…${characters.slice(-shownCharacters).join('')}`
}

/** The beginning of the text after a token, on one line. */
export function beginningOf(after: string): string {
  const characters = Array.from(onOneLine(after))
  if (characters.length <= shownCharacters) return characters.join('')
  return `${characters.slice(0, shownCharacters).join('')}…`
}

const onOneLine = (text: string): string => text.replace(/\r\n?|\n/g, '↵')
