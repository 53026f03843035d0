import { describe, expect, it } from 'vitest'
import { alphabetSize, customAlphabet } from '../spelling/alphabet.ts'
import { buildSpeller } from '../spelling/speller.ts'
import { ordinary } from '../spelling/testing/vocabulary.ts'
import type { BaseHead } from './chooser.ts'
import { gatedChooser } from './gated.ts'
import type { Sampling } from './sampling.ts'
import { shortlistChooser } from './shortlist.ts'
import type { TailSession } from '../spellm/tail-session.ts'
import { thresholdOf } from '../spellm/gates.ts'

const letters = Array.from('abcd')
const vocabulary = letters.map(ordinary)
const speller = buildSpeller(vocabulary, customAlphabet('abcd', vocabulary), 1)
/** A tail whose scores are the hidden state. */
const tail: TailSession = {
  speller,
  outputHead: 'none',
  logProbabilities: (hidden) => {
    const scores = new Float32Array(alphabetSize(speller.alphabet)).fill(-50)
    scores.set(hidden)
    return Promise.resolve(scores)
  },
  release: () => Promise.resolve(),
}
let baseSteps = 0
const head: BaseHead = {
  logits: () => Promise.resolve(Float32Array.of(0, 0, 0, 9)),
  greedy: () => {
    baseSteps++
    return Promise.resolve(3)
  },
  greedyRows: () => Promise.resolve(Int32Array.of(3)),
  release: () => Promise.resolve(),
}

describe('gated mode', () => {
  it('leaves to the base model what the best spelling leads by less than the threshold', async () => {
    const chooser = gatedChooser(tail, head, 2, null)
    expect(await chooser.choose({ hidden: Float32Array.of(-1, -4, -9, -9) }, [])).toEqual([0])
    expect(await chooser.choose({ hidden: Float32Array.of(-1, -2.5, -9, -9) }, [])).toEqual([3])
    expect(await chooser.choose({ hidden: Float32Array.of(-9, -1, -3.5, -9) }, [])).toEqual([1])
    expect(baseSteps).toBe(1)
  })

  it('leaves to it what penalties and biases could change, however sure the tail is', async () => {
    const sure = { hidden: Float32Array.of(-1, -4, -9, -9) }
    const chosen = async (own: Partial<Sampling>, context: readonly number[]) =>
      (await gatedChooser(tail, head, 2, { temperature: 0, seed: 0, ...own }).choose(sure, context))[0]
    expect(await chosen({ repetitionPenalty: 1.2 }, [1])).toBe(0)
    expect(await chosen({ repetitionPenalty: 1.2 }, [0])).toBe(3)
    expect(await chosen({ presencePenalty: -1 }, [1])).toBe(3)
    expect(await chosen({ logitBias: [[2, 5]] }, [1])).toBe(3)
    expect(await chosen({ logitBias: [[3, -100]] }, [1])).toBe(0)
    expect(await chosen({ logitBias: [[2, 9.5]] }, [1])).toBe(2)
  })

  it('takes the threshold of a share, or one between those that were measured', () => {
    const gates = [
      { share: 0.01, threshold: 1 },
      { share: 0.05, threshold: 3 },
    ]
    expect([0, 0.005, 0.01, 0.03, 0.05, 0.5].map((share) => thresholdOf(gates, share)!.toFixed(9))).toEqual(
      [0, 0.5, 1, 2, 3, 3].map((threshold) => threshold.toFixed(9)),
    )
    expect(thresholdOf([], 0.05)).toBeNull()
  })
})

describe('shortlist mode', () => {
  const asked: number[][] = []
  const rows = {
    logits: (_: Float32Array, tokens: readonly number[]) => {
      asked.push([...tokens])
      return Float32Array.from(tokens, (token) => [1, 5, 2, 9][token]!)
    },
    close: () => undefined,
  }

  it('asks for the rows of the best spellings only, and picks the largest logit', async () => {
    const scores = Float32Array.of(-1, -2, -3, -4)
    expect(await shortlistChooser(tail, rows, 2, null).choose({ hidden: scores }, [])).toEqual([1])
    expect(await shortlistChooser(tail, rows, 4, null).choose({ hidden: scores }, [])).toEqual([3])
    expect(await shortlistChooser(tail, rows, 1, null).choose({ hidden: scores }, [])).toEqual([0])
    expect(asked).toEqual([[0, 1], [0, 1, 2, 3], [0]])
  })

  it('scores what has a bias beside the best spellings, and never takes what is banned', async () => {
    const state = { hidden: Float32Array.of(-1, -2, -3, -4) }
    const chosen = (logitBias: Sampling['logitBias']) =>
      shortlistChooser(tail, rows, 2, { temperature: 0, seed: 0, logitBias }).choose(state, [])
    expect(await chosen([[3, -5]])).toEqual([1])
    expect(await chosen([[3, -3]])).toEqual([3])
    expect(await chosen([[1, -100]])).toEqual([2])
    const all = [0, 1, 2, 3].map((token) => [token, -100] as const)
    await expect(chosen(all)).rejects.toThrow('No token is left')
  })

  it('penalises what the text has already', async () => {
    const sampling = { temperature: 0.01, repetitionPenalty: 10, seed: 1 }
    const chooser = shortlistChooser(tail, rows, 2, sampling)
    expect(await chooser.choose({ hidden: Float32Array.of(-1, -2, -3, -4) }, [1])).toEqual([0])
  })
})
