import { describe, expect, test } from 'vitest'
import { countWords } from './english.ts'
import { plots } from './plots/index.ts'
import { plottedStories, stories } from './stories.ts'

function take<Item>(items: Iterable<Item>, count: number): Item[] {
  const taken: Item[] = []
  for (const item of items) if (taken.push(item) === count) break
  return taken
}

const told = take(plottedStories(7), 2_000)
const texts = told.map(({ text }) => text)

/** The first match of each text that has one: an empty list says that all texts are clean. */
const matches = (pattern: RegExp): string[] => texts.flatMap((text) => pattern.exec(text)?.[0] ?? [])

describe('stories', () => {
  test('the same seed tells the same stories', () => {
    expect(take(stories(42), 50)).toEqual(take(stories(42), 50))
  })

  test('another seed tells other stories', () => {
    const known = new Set(take(stories(1), 200))
    expect(take(stories(2), 200).filter((text) => known.has(text))).toEqual([])
  })

  test('a story has 80 to 220 words in one to four paragraphs', () => {
    for (const text of texts) {
      expect(countWords(text)).toBeGreaterThanOrEqual(80)
      expect(countWords(text)).toBeLessThanOrEqual(220)
      expect(text.split('\n').length).toBeLessThanOrEqual(4)
    }
  })

  test('every plot is told', () => {
    expect(plots.length).toBeGreaterThanOrEqual(10)
    expect(new Set(told.map(({ plot }) => plot))).toEqual(new Set(plots.map(({ name }) => name)))
  })

  test('no hole of a template is left open', () => {
    expect(matches(/[{}[\]()|;]|undefined/)).toEqual([])
  })

  test('spaces and punctuation are right', () => {
    expect(matches(/ {2}|^\s|\s$| \n|\n |\n\n/)).toEqual([])
    expect(matches(/.{9} [,.!?:]|,,|[,:][.!?]|[^.]\.\.(?!\.)|[!?][,.]/)).toEqual([])
  })

  test('quotation marks come in pairs', () => {
    const odd = texts
      .flatMap((text) => text.split('\n'))
      .filter((paragraph) => paragraph.split('"').length % 2 === 0)
    expect(odd).toEqual([])
  })

  test('"a" and "an" fit the next word', () => {
    expect(matches(/\b[Aa] (?!one\b|once\b|used?\b|useful|unicorn|uniform)[aeiou]\w*/)).toEqual([])
    expect(matches(/\b[Aa]n (?!hour|honest)[^aeiou]\w*/)).toEqual([])
  })

  test('sentences begin with a capital and paragraphs end with a full stop', () => {
    expect(matches(/(?<!\.\.)[.] "?[a-z]\w*/)).toEqual([])
    expect(matches(/^[^A-Z"]|\n[^A-Z"]/)).toEqual([])
    expect(matches(/[^.!?"](?:\n|$)/)).toEqual([])
  })

  test('no word stands twice in a row', () => {
    expect(matches(/\b(\w+) \1\b/i)).toEqual([])
  })

  test('no story is told twice', () => {
    expect(new Set(texts).size).toBe(texts.length)
  })

  test('sentences vary, and no sentence is in more than one story of twenty', () => {
    const storiesWith = new Map<string, number>()
    let all = 0
    for (const text of texts) {
      const sentences = text.split(/(?<=[.!?]"?)\s/)
      all += sentences.length
      for (const sentence of new Set(sentences)) {
        if (countWords(sentence) >= 4) storiesWith.set(sentence, (storiesWith.get(sentence) ?? 0) + 1)
      }
    }
    expect(storiesWith.size / all).toBeGreaterThan(0.4)
    expect(Math.max(...storiesWith.values())).toBeLessThan(texts.length / 20)
  })

  test('the vocabulary is that of a picture book: 2,500 to 5,000 words', () => {
    const words = new Set(texts.flatMap((text) => text.toLowerCase().match(/[a-z']+/g) ?? []))
    expect(words.size).toBeGreaterThan(2_500)
    expect(words.size).toBeLessThan(5_000)
  })
})
