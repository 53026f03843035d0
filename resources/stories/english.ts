const beginsWithConsonantSound = /^(?:one|once|use|used|useful|unicorn|uniform)\b/
const article = /\b([Aa]) (?=([aeiou][a-z-]*|hour|honest))/g

/** Turns "a" into "an" where the next word starts with a vowel sound. */
export function fixArticles(text: string): string {
  return text.replace(article, (found, letter: string, next: string) =>
    beginsWithConsonantSound.test(next) ? found : `${letter}n `,
  )
}

/** Makes the first letter a capital, also behind an opening quotation mark. */
export function capitalise(text: string): string {
  const at = text.startsWith('"') ? 1 : 0
  return text.slice(0, at) + text.charAt(at).toUpperCase() + text.slice(at + 1)
}

/** Words of a text, as a reader would count them. */
export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}
