import { expect, it } from 'vitest'
import { lastLine, spellm } from '../engine/testing/cli.ts'

it('spellm tokens prints ids, token strings and bytes', async () => {
  const arguments_ = ['tokens', 'sample', '--text', 'a é<|endoftext|>']
  const asJson = await spellm([...arguments_, '--json'])
  expect(asJson.code, asJson.stderr).toBe(0)
  const { tokens, decoded } = lastLine(asJson) as {
    tokens: { id: number; token: string; bytes: string; special: boolean }[]
    decoded: string
  }
  expect(decoded).toBe('a é')
  expect(Buffer.from(tokens.map(({ bytes }) => bytes).join(''), 'hex').toString()).toBe('a é')
  expect(tokens.at(-1)).toEqual({ id: 0, token: '<|endoftext|>', bytes: '', special: true })

  const split = await spellm([...arguments_, '--split-special-tokens'])
  expect(split.code, split.stderr).toBe(0)
  expect(split.stdout).toContain('61')
  expect(split.stdout).not.toContain('special')
})
