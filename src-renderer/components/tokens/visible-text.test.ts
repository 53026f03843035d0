import { expect, it } from 'vitest'
import { visibleText } from './visible-text.ts'

it('shows what cannot be seen', () => {
  expect(visibleText(' the')).toBe('·the')
  expect(visibleText('.\n\n\tNo')).toBe('.↵↵⇥No')
  expect(visibleText('')).toBe('∅')
})

it('disarms characters that control the terminal or the direction of text', () => {
  expect(visibleText('\u001b[31m\u0000')).toBe('␛[31m␀')
  expect(visibleText('a\u202eb\u00a0c\u2028')).toBe('a‹202E›b‹A0›c‹2028›')
})

it('leaves letters of all scripts and emoji as they are', () => {
  expect(visibleText('Größe日本👍')).toBe('Größe日本👍')
})
