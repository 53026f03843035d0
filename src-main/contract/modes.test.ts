import { expect, it } from 'vitest'
import { modeNames, modeOf, noteOnMode } from '../spellm/decode-modes.ts'
import { consoleModeSchema, spellmModes, spellmModeSchema } from './index.ts'

it('knows modes by their names of today and of earlier', () => {
  for (const mode of spellmModes) {
    expect(spellmModeSchema.parse(mode)).toBe(mode)
    expect(noteOnMode(mode)).toBeNull()
  }
  expect(spellmModeSchema.parse('shortlist')).toBe('trie')
  expect(consoleModeSchema.parse('shortlist')).toBe('trie')
  expect(consoleModeSchema.parse('base')).toBe('base')
  expect(noteOnMode('shortlist')).toContain("is called 'trie' now")
  expect(() => spellmModeSchema.parse('base')).toThrow()
  for (const name of ['toString', '', 'Trie']) expect(consoleModeSchema.safeParse(name).success).toBe(false)
})

it('says the same on both sides of the contract', () => {
  expect(modeNames.map((name) => [name, modeOf(name)])).toEqual(
    modeNames.map((name) => [name, spellmModeSchema.parse(name)]),
  )
})
