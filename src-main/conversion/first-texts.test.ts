import { expect, it } from 'vitest'
import type { ConversionEvent } from './events.ts'
import { createFirstTexts, describeWritten } from './first-texts.ts'

/** A token is a character, as its code says. */
const tokenizer = { decode: (ids: Iterable<number>) => String.fromCharCode(...ids) }
const codes = (text: string) => Array.from(text, (character) => character.charCodeAt(0))

/** Positions of '^question|answer' one after another; the answer comes after the position of '|'. */
function positions(...texts: string[]) {
  const all = texts.join('')
  let answers = false
  const inAnswer = Array.from(all, (character) => {
    if (character === '^') answers = false
    if (character === '|') answers = true
    return Number(answers)
  })
  const none = { hidden: new Uint16Array(), choices: new Int32Array(), logZ: new Float32Array() }
  const starts = new Int32Array()
  return { ...none, starts, ids: Int32Array.from(codes(all)), inAnswer: Uint8Array.from(inAnswer) }
}

function shown(kind: 'chat' | 'document', texts: string[]) {
  const events: ConversionEvent[] = []
  const show = createFirstTexts(tokenizer, { kind, between: codes('|') }, (event) => events.push(event))
  const written = positions(...texts)
  let start = 0
  for (const text of texts) {
    // When it is long enough to be shown, and again at its end.
    show(written, start, start + text.length - 1)
    show(written, start, (start += text.length))
  }
  return events.flatMap((event) => (event.type === 'written' ? [describeWritten(event)] : []))
}

it('shows the first questions with their answers, each once', () => {
  const texts = ['^Who?|Me.', '^Why?|So it is.', '^A?|B!!', '^C?|D!!', '^E?|F!!']
  expect(shown('chat', texts)).toEqual(['Who?\n→ Me', 'Why?\n→ So it is', 'A?\n→ B!', 'C?\n→ D!'])
})

it('shows a question when it has an answer', () => {
  expect(shown('chat', ['^Who are you?|'])).toEqual([])
})

it('shows documents as one text, without what a terminal would obey, and the beginning of a long one', () => {
  expect(shown('document', ['^Once\u001b[2J upon|a time.'])).toEqual(['Once[2J upon|a time'])
  const [text] = shown('document', [`^a|${'b'.repeat(1_000)}`])
  expect(text).toBe(`a|${'b'.repeat(398)}…`)
})
