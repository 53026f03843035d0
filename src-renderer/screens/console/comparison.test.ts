import { describe, expect, it } from 'vitest'
import { compareOutputs } from './comparison.ts'
import { waitingOutput, type GenerationOutput } from './generation-output.ts'

const output = (ids: number[], status: GenerationOutput['status']): GenerationOutput => ({
  ...waitingOutput('trie'),
  status,
  tokens: ids.map((id) => ({ id, text: `${id}`, milliseconds: 1 })),
})

describe('comparing base and SpeLLM', () => {
  it('says where they part, and which tokens differ', () => {
    expect(compareOutputs(output([1, 2, 3, 4], 'ended'), output([1, 2, 9, 4, 5], 'ended'))).toEqual({
      base: [false, false, true, false],
      spellm: [false, false, true, false, true],
      sameTokens: 2,
      different: 2,
      isFinal: true,
    })
  })

  it('does not count as different what the slower one has not reached yet', () => {
    expect(compareOutputs(output([1], 'streaming'), output([1, 2, 3], 'ended'))).toEqual({
      base: [false],
      spellm: [false],
      sameTokens: 1,
      different: 0,
      isFinal: false,
    })
  })

  it('waits with its judgement on what comes after the last shared token of an unfinished pair', () => {
    const base = output([1, 2, 3, 7, 8], 'streaming')
    expect(compareOutputs(base, output([1, 9, 3, 4, 5], 'streaming'))).toMatchObject({
      base: [false, true, false, false, false],
      spellm: [false, true, false, false, false],
      sameTokens: 1,
      different: 1,
    })
    expect(compareOutputs({ ...base, status: 'ended' }, output([1, 9, 3, 4, 5], 'ended'))).toMatchObject({
      spellm: [false, true, false, true, true],
    })
  })

  it('sees that one ended early', () => {
    expect(compareOutputs(output([1], 'ended'), output([1, 2], 'stopped'))).toMatchObject({
      sameTokens: 1,
      different: 1,
    })
  })
})
