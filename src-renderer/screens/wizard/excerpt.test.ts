import { describe, expect, it } from 'vitest'
import { beginningOf, endOf } from './excerpt.ts'

const long = 'abcdefghijklmnopqrstuvwxyz'.repeat(2)

describe('what stands around a token', () => {
  it('is shown whole if it is short', () => {
    expect(endOf('Once upon ')).toBe('Once upon ')
    expect(beginningOf('')).toBe('')
  })

  it('keeps what is next to the token if it is long, and says that it was cut', () => {
    expect(endOf(long)).toBe(`…${long.slice(-32)}`)
    expect(beginningOf(long)).toBe(`${long.slice(0, 32)}…`)
  })

  it('never cuts a character in two', () => {
    expect(endOf('😀'.repeat(40))).toBe(`…${'😀'.repeat(32)}`)
  })

  it('is on one line', () => {
    expect(endOf('a\nb\r\nc')).toBe('a↵b↵c')
  })
})
