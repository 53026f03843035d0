import { describe, expect, it } from 'vitest'
import {
  alphabetSpecification,
  countCharacters,
  parseAlphabetSpecification,
  type AlphabetChoice,
} from './alphabet-choice.ts'

describe('the specification of an alphabet', () => {
  it.each<[string, AlphabetChoice]>([
    ['auto', { kind: 'auto', limit: null }],
    ['auto:128', { kind: 'auto', limit: 128 }],
    ['latin1', { kind: 'latin1' }],
    ['bytes', { kind: 'bytes' }],
    ['pieces', { kind: 'pieces', count: null }],
    ['pieces:1000', { kind: 'pieces', count: 1_000 }],
    ['groups', { kind: 'groups' }],
    ['characters:ab: c', { kind: 'custom', characters: 'ab: c' }],
  ])('%s is read and written back', (specification, choice) => {
    expect(parseAlphabetSpecification(specification)).toEqual(choice)
    expect(alphabetSpecification(choice)).toBe(specification)
  })

  it('that is not known stands for the automatic choice', () => {
    expect(parseAlphabetSpecification('auto:many')).toEqual({ kind: 'auto', limit: null })
  })
})

describe('the number of characters', () => {
  it('counts each once, and one beyond the first 65,536 as one', () => {
    expect(countCharacters('abba')).toBe(2)
    expect(countCharacters('😀😀a')).toBe(2)
  })
})
