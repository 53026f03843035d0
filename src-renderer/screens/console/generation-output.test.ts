import { describe, expect, it } from 'vitest'
import type { GenerationEvent } from '../../../src-main/contract/index.ts'
import {
  applyGenerationEvent,
  contextOf,
  isOpen,
  medianMilliseconds,
  textOf,
  waitingOutput,
} from './generation-output.ts'

const token = (id: number, text: string, milliseconds: number): GenerationEvent => ({
  type: 'token',
  token: id,
  text,
  milliseconds,
})
const events: GenerationEvent[] = [
  { type: 'prompt', tokens: [5, 6] },
  token(7, ' a', 10),
  token(8, '', 30),
  token(9, 'é', 20),
  {
    type: 'end',
    reason: 'length',
    device: 'cpu',
    tokens: 3,
    tokensPerSecond: 48,
    promptMilliseconds: 12,
    text: '�',
  },
]
const after = (count: number) => events.slice(0, count).reduce(applyGenerationEvent, waitingOutput('trie'))

describe('what a model made of a prompt', () => {
  it('waits, streams and ends', () => {
    expect([0, 1, 2, 5].map((count) => after(count).status)).toEqual([
      'waiting',
      'streaming',
      'streaming',
      'ended',
    ])
    expect([0, 3, 5].map((count) => isOpen(after(count)))).toEqual([true, true, false])
    expect(after(5).end).toEqual({ reason: 'length', device: 'cpu', promptMilliseconds: 12 })
  })

  it('has the text of all tokens and what only the end made complete', () => {
    expect(textOf(after(4))).toBe(' aé')
    expect(textOf(after(5))).toBe(' aé�')
  })

  it('is measured while it streams, and by the engine at the end', () => {
    expect(after(1).tokensPerSecond).toBeNull()
    expect(after(3).tokensPerSecond).toBeCloseTo(2_000 / 40)
    expect(after(5).tokensPerSecond).toBe(48)
  })

  it('takes the median of the steps', () => {
    expect(medianMilliseconds(after(1))).toBeNull()
    expect(medianMilliseconds(after(3))).toBe(20)
    expect(medianMilliseconds(after(4))).toBe(20)
  })

  it('knows what the model had read before each token', () => {
    expect(contextOf(after(5), 0)).toEqual([5, 6])
    expect(contextOf(after(5), 2)).toEqual([5, 6, 7, 8])
  })
})
