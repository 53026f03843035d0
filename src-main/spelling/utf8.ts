// `ignoreBOM` keeps a byte order mark at a token's start as the character that it is.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The text that `bytes` encode, character for character, or undefined where they aren't valid UTF-8
 * on their own, such as a token that holds only a part of a character.
 */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}
