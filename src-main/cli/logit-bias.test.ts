import { Command } from 'commander'
import { expect, it } from 'vitest'
import { logitBiasOption, resolveBiases, type NamedBias } from './logit-bias.ts'

/** What a command line gives. */
function parsed(...options: string[]): readonly NamedBias[] {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined })
  command.addOption(logitBiasOption()).parse(options, { from: 'user' })
  return command.opts<{ logitBias?: NamedBias[] }>().logitBias ?? []
}

it('names tokens by id or text', () => {
  expect(parsed('--logit-bias', '42=3', ' the=-1.5', '--logit-bias', '"42"=-inf', 'a=b=-100')).toEqual([
    { token: 42, bias: 3 },
    { token: ' the', bias: -1.5 },
    { token: '42', bias: -100 },
    { token: 'a=b', bias: -100 },
  ])
  expect(parsed()).toEqual([])
})

it.each(['42', '=3', 'the=', 'the=much', 'the=101', 'the=inf', '"the=3'])('refuses %s', (text) => {
  expect(() => parsed('--logit-bias', text)).toThrow(/Expected a token's id or text|isn't a quoted text/)
})

it('finds the token of a text, and refuses a text of several', () => {
  const tokenizer = { encode: (text: string) => (text === 'one' ? [7] : [7, 8]) }
  expect(
    resolveBiases(
      [
        { token: 'one', bias: 2 },
        { token: 5, bias: -100 },
      ],
      tokenizer,
    ),
  ).toEqual([
    [7, 2],
    [5, -100],
  ])
  expect(() => resolveBiases([{ token: 'one two', bias: 1 }], tokenizer)).toThrow(
    '"one two" is 2 tokens of this model (7, 8)',
  )
})
