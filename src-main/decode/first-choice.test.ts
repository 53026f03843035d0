import { expect, it } from 'vitest'
import { seededRandom } from '../random.ts'
import { alphabetSize, parseAlphabet, withTokenSymbols } from '../spelling/alphabet.ts'
import { buildSpeller, firstSymbolsOf } from '../spelling/speller.ts'
import { createContextSymbols } from './context-symbols.ts'
import { createFirstScores } from './first-choice.ts'
import { createPicker } from './picker.ts'

const texts = ['<s>', 'a', 'ab', 'abc', 'b', 'ba', 'c', 'ca', 'cab', 'é', 'ac', 'bc']
const entries = texts.map((text, token) => ({
  bytes: token === 0 ? new Uint8Array(0) : new TextEncoder().encode(text),
  special: token === 0,
  content: text,
}))
const d = 4
const random = seededRandom(2)
const head = Float32Array.from({ length: texts.length * d }, () => random.normal())
const rowOf = (token: number) => head.subarray(token * d, (token + 1) * d)
const rows = {
  read: (tokens: ArrayLike<number>) =>
    Float32Array.from(Array.from(tokens).flatMap((token) => [...rowOf(token)])),
}
const alphabet = withTokenSymbols(parseAlphabet('characters:abc', entries), [1, 4])
const speller = buildSpeller(entries, alphabet, 3)
const symbols = firstSymbolsOf(speller)
const size = alphabetSize(alphabet)
const dot = (token: number, state: Float32Array) =>
  rowOf(token).reduce((sum, value, i) => sum + value * state[i]!, 0)

/** First scores of a state whose learnt part is exact: of each first symbol, what its tokens come to. */
function scoresOf(state: Float32Array, context: readonly number[], slots: number): Float32Array {
  const learnt = new Float64Array(size)
  texts.forEach((_, token) => {
    if (symbols.symbolIndex[token]! < 0) learnt[symbols.firstSymbol[token]!]! += Math.exp(dot(token, state))
  })
  const ofContext = Array.from({ length: slots }, (_, slot) =>
    slot < context.length ? dot(context[slot]!, state) : 9,
  )
  return Float32Array.from([
    ...alphabet.tokenSymbols!.map((token) => dot(token, state)),
    ...[...learnt].map((mass) => Math.log(Math.max(1e-30, mass))),
    ...ofContext,
  ])
}

it('picks the best exact score, and doubts by what no exact score stands for', () => {
  const context = createContextSymbols(rows, symbols, { hiddenSize: d, most: 8 })
  const first = createFirstScores(speller)
  context.follow([0, 2, 1], [8, 2])
  const held = [...context.tokens.subarray(0, context.count)]
  expect(held.toSorted((a, b) => a - b)).toEqual([2, 8])
  for (let round = 0; round < 200; round++) {
    const state = Float32Array.from({ length: d }, () => random.normal())
    const scores = scoresOf(state, held, context.tokens.length)
    const exact = [...alphabet.tokenSymbols!, ...held]
    const best = exact.reduce((a, b) => (dot(b, state) > dot(a, state) ? b : a))
    const { token, logit, doubt } = first.choose(scores, context, createPicker(null), 0)
    expect(token).toBe(best)
    expect(logit).toBeCloseTo(dot(best, state), 5)
    // By first symbols, since each leaves a ten-thousandth at the least.
    const left = new Float64Array(size)
    texts.forEach((_, other) => {
      if (!exact.includes(other))
        left[symbols.firstSymbol[other]!]! += Math.exp(dot(other, state) - dot(best, state))
    })
    const expected = left.reduce((sum, share) => sum + Math.max(1e-4, share), 0)
    expect(doubt).toBeCloseTo(Math.log(expected), 2)
    // log p of a given token: its exact logit less the learnt log-normaliser.
    const total = texts.reduce((sum, _, other) => sum + Math.exp(dot(other, state)), 0)
    expect(first.logNormaliser(scores, context)).toBeCloseTo(Math.log(total), 4)
  }
})

it('lets what has not occurred for longest give way, and reads each row once', () => {
  const read: number[] = []
  const counting = {
    read: (tokens: ArrayLike<number>) => (read.push(...Array.from(tokens)), rows.read(tokens)),
  }
  const context = createContextSymbols(counting, symbols, { hiddenSize: d, most: 2 })
  context.follow([], [2, 3])
  context.follow([2, 3], [2])
  const tensor = context.follow([2, 3, 2], [5])
  expect(new Set(context.tokens.subarray(0, context.count))).toEqual(new Set([2, 5]))
  expect(read).toEqual([2, 3, 5])
  const slot = context.tokens.indexOf(5)
  expect([...(tensor.data as Float32Array).subarray(slot * d, (slot + 1) * d)]).toEqual([...rowOf(5)])
  expect(context.firstSymbols[slot]).toBe(symbols.firstSymbol[5])
  // Token symbols, and rows that only pad the head, are none.
  context.follow([2, 3, 2, 5], [1, 0, 99])
  expect(context.count).toBe(2)
})
