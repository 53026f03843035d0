/**
 * What Python's methods of strings do, where prompts are made of texts in Python and JavaScript's methods differ: the
 * harness's tasks are to see the same characters here as there.
 */

/** White space for `str.strip` (source: CPython, Tools/unicode/makeunicodedata.py); JavaScript adds U+FEFF and lacks some. */
const whiteSpace = new Set(
  '\t\n\v\f\r\u001c\u001d\u001e\u001f \u0085\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000',
)

/** `text.lstrip()`. */
export function stripStart(text: string): string {
  let start = 0
  while (start < text.length && whiteSpace.has(text[start]!)) start++
  return text.slice(start)
}

/** `text.rstrip()`. */
export function stripEnd(text: string): string {
  let end = text.length
  while (end > 0 && whiteSpace.has(text[end - 1]!)) end--
  return text.slice(0, end)
}

/** `text.strip()`. */
export function strip(text: string): string {
  return stripEnd(stripStart(text))
}

/** `text.capitalize()`: the first character in upper case, and all others in lower case. */
export function capitalize(text: string): string {
  const [first = '', ...rest] = text
  return first.toUpperCase() + rest.join('').toLowerCase()
}

/** `text[0].lower() + text[1:]`. */
export function lowerFirst(text: string): string {
  const [first = ''] = text
  return first.toLowerCase() + text.slice(first.length)
}

/** `text[:-1]`: without the last character. */
export function withoutLast(text: string): string {
  return Array.from(text).slice(0, -1).join('')
}

/** `len(text)`: characters, where JavaScript counts those beyond U+FFFF twice. */
export function characters(text: string): number {
  return Array.from(text).length
}
