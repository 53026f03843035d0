import { describe, expect, it } from 'vitest'
import type { GenerationEvent } from '../../../src-main/contract/index.ts'
import {
  applyGenerationEvents,
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
  token(7, ' a', 1_000),
  token(8, '', 30),
  token(9, 'é', 20),
  {
    type: 'end',
    reason: 'length',
    device: 'cpu',
    tokens: 3,
    tokensPerSecond: 40,
    promptMilliseconds: 1_000,
    text: '�',
  },
]
const after = (count: number) => applyGenerationEvents(waitingOutput('trie'), events.slice(0, count))

describe('what a model made of a prompt', () => {
  it('waits, streams and ends', () => {
    expect([0, 1, 2, 5].map((count) => after(count).status)).toEqual([
      'waiting',
      'streaming',
      'streaming',
      'ended',
    ])
    expect([0, 3, 5].map((count) => isOpen(after(count)))).toEqual([true, true, false])
    expect(after(5).end).toEqual({ reason: 'length', device: 'cpu', promptMilliseconds: 1_000 })
  })

  it('has the text of all tokens and what only the end made complete', () => {
    expect(textOf(after(4))).toBe(' aé')
    expect(textOf(after(5))).toBe(' aé�')
  })

  it('is measured without the prompt, which the first token waited for: nothing jumps at the end', () => {
    expect([1, 2].map((count) => after(count).tokensPerSecond)).toEqual([null, null])
    expect(after(3).tokensPerSecond).toBeCloseTo(1_000 / 30)
    // What the engine says at the end.
    expect(after(4).tokensPerSecond).toBeCloseTo(2_000 / 50)
    expect(after(5).tokensPerSecond).toBe(40)
  })

  it('has no speed where the engine knows none: of a single token, or of steps that took no time', () => {
    const end = { ...events[4]!, tokensPerSecond: 0 } as GenerationEvent
    expect(applyGenerationEvents(after(2), [end]).tokensPerSecond).toBeNull()
    expect(applyGenerationEvents(after(2), [token(8, 'b', 0)]).tokensPerSecond).toBeNull()
  })

  it('is the same however its events are bunched, and leaves what was shown before as it was', () => {
    const single = events.reduce(
      (output, event) => applyGenerationEvents(output, [event]),
      waitingOutput('trie'),
    )
    expect(single).toEqual(after(5))
    const shown = after(3)
    applyGenerationEvents(shown, events.slice(3))
    expect(shown).toEqual(after(3))
  })

  it('takes in a long text in time that grows with its length', () => {
    const count = 200_000
    const long = Array.from({ length: count }, (_, i) => token(i, 'a', i === 0 ? 5_000 : 2))
    const output = applyGenerationEvents(waitingOutput('base'), long)
    expect(output.tokens).toHaveLength(count)
    expect(output.tokensPerSecond).toBeCloseTo(500)
  })

  it('takes the median of the steps after the prompt', () => {
    expect([1, 2].map((count) => medianMilliseconds(after(count)))).toEqual([null, null])
    expect(medianMilliseconds(after(3))).toBe(30)
    expect(medianMilliseconds(after(4))).toBe(25)
  })

  it('knows what the model had read before each token', () => {
    expect(contextOf(after(5), 0)).toEqual([5, 6])
    expect(contextOf(after(5), 2)).toEqual([5, 6, 7, 8])
  })
})
