import type { VocabularyEntry } from '../../tokenizer/vocabulary-entry.ts'

/** A token that stands for `text`. */
export function ordinary(text: string): VocabularyEntry {
  return { bytes: new TextEncoder().encode(text), special: false, content: text }
}

/** A token of bytes that need not be a whole character. */
export function bytes(...values: number[]): VocabularyEntry {
  return { bytes: Uint8Array.from(values), special: false, content: values.join(' ') }
}

/** A control token. */
export function special(content: string): VocabularyEntry {
  return { bytes: new Uint8Array(0), special: true, content }
}

/** A random number generator with a period long enough for tests: numbers from 0 to before 1. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

/**
 * A vocabulary of random tokens over few letters, so that prefixes, duplicates and common beginnings are
 * frequent, with two special tokens, an empty one, a broken one and one outside the letters.
 */
export function randomVocabulary(random: () => number, size: number, letters = 'abc'): VocabularyEntry[] {
  const characters = Array.from(letters)
  const word = () =>
    Array.from(
      { length: 1 + Math.floor(random() * 7) },
      () => characters[Math.floor(random() * characters.length)],
    )
  return [
    special('<bos>'),
    ...Array.from({ length: size }, () => ordinary(word().join(''))),
    bytes(),
    bytes(0xe2, 0x82),
    ordinary('ß'),
    special('<eos>'),
  ]
}
