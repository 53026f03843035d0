import { describe, expect, test } from 'vitest'
import { plots } from './plots/index.ts'
import { seededRandom } from '../../src-main/base/random.ts'
import { fill, parseTemplate, type Telling } from './template.ts'

function telling(changes: Partial<Telling> = {}): Telling {
  return {
    random: seededRandom(3),
    facts: new Map([
      ['hero', 'Mina'],
      ['food', 'apple pie'],
    ]),
    introductions: new Map(),
    pools: {},
    told: new Set(),
    ...changes,
  }
}

describe('fill', () => {
  test('a slot is filled with its fact, with a capital where the slot has one', () => {
    expect(fill(parseTemplate('{Food} for {hero}.'), telling())).toBe('Apple pie for Mina.')
  })

  test('a choice takes one of its options, which may be empty and may nest', () => {
    const seen = new Set<string>()
    const template = parseTemplate('(|very (big|small) )cat')
    const random = seededRandom(1)
    for (let tries = 0; tries < 100; tries++) seen.add(fill(template, telling({ random })))
    expect(seen).toEqual(new Set(['cat', 'very big cat', 'very small cat']))
  })

  test('a pool avoids what this story has told already', () => {
    const pools = { sound: ['plip', 'plop', 'splash'].map(parseTemplate) }
    const words = fill(parseTemplate('[sound] [sound] [sound]'), telling({ pools })).split(' ')
    expect(new Set(words).size).toBe(3)
  })

  test('a character is introduced once, and not in a possessive', () => {
    const introductions = new Map([['hero', 'Mina the fox']])
    const template = parseTemplate("{Hero}'s hat fell. {Hero} laughed. {Hero} ran.")
    expect(fill(template, telling({ introductions }))).toBe(
      "Mina's hat fell. Mina the fox laughed. Mina ran.",
    )
  })

  test('a shared phrase never mentions somebody who has not been introduced', () => {
    const introductions = new Map([['hero', 'Mina the fox']])
    const pools = { closing: ['Good night, {hero}.', 'The end.'].map(parseTemplate) }
    const closing = parseTemplate('[closing]')
    for (let seed = 0; seed < 20; seed++) {
      expect(fill(closing, telling({ introductions, pools, random: seededRandom(seed) }))).toBe('The end.')
    }
  })

  test('an unknown slot or pool is an error', () => {
    expect(() => fill(parseTemplate('{nobody}'), telling())).toThrow(ReferenceError)
    expect(() => fill(parseTemplate('[nothing]'), telling())).toThrow(ReferenceError)
  })

  test.each(['(a|b', '{hero', '[pool'])('the unbalanced template %j is an error', (source) => {
    expect(() => parseTemplate(source)).toThrow(SyntaxError)
  })
})

test('every plot has many cases and many ways of telling each beat', () => {
  for (const { cases, paragraphs } of plots) {
    expect(cases.length).toBeGreaterThanOrEqual(10)
    expect(paragraphs.length).toBeGreaterThanOrEqual(3)
    for (const beat of paragraphs.flat()) expect(beat.length).toBeGreaterThanOrEqual(1)
  }
})
