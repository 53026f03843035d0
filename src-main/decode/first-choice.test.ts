import { expect, it } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { alphabetSize, parseAlphabet, withTokenSymbols } from '../spelling/alphabet.ts'
import { buildSpeller, firstSymbolsOf } from '../spelling/speller.ts'
import { createContextSymbols } from './context-symbols.ts'
import { createFirstScores, givenLogProbability } from './first-choice.ts'
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
    const given = dot(best, state)
    const normaliser = first.logNormaliser(scores, context)
    expect(givenLogProbability(given, normaliser)).toBeCloseTo(given - Math.log(total), 4)
    // However little was learnt of it.
    expect(givenLogProbability(Math.log(total) + 3, normaliser)).toBe(0)
  }
})

it('scores what is biased exactly, and doubts by what is left of the learnt', () => {
  const logitBias = [
    [5, 1.5],
    [6, -100],
    [1, -0.5],
  ] as const
  const picker = createPicker({ temperature: 0, seed: 0, logitBias, frequencyPenalty: 0.4 })
  const context = createContextSymbols(rows, symbols, { hiddenSize: d, most: 8, kept: picker.biased })
  const first = createFirstScores(speller)
  picker.begin([2])
  context.follow([2], [8, 8])
  picker.add(8)
  picker.add(8)
  const held = [...context.tokens.subarray(0, context.count)]
  expect(held).toEqual([5, 6, 2, 8])
  const scoreOf = (token: number, logit: number) => {
    if (token === 6) return -Infinity
    return logit + (logitBias.find(([biased]) => biased === token)?.[1] ?? 0) - (token === 8 ? 0.8 : 0)
  }
  const picked = new Set<number>()
  for (let round = 0; round < 200; round++) {
    const state = Float32Array.from({ length: d }, () => random.normal())
    const exact = [...alphabet.tokenSymbols!, ...held]
    const score = (token: number) => scoreOf(token, dot(token, state))
    const best = exact.reduce((a, b) => (score(b) > score(a) ? b : a))
    const { token, logit, doubt } = first.choose(
      scoresOf(state, held, context.tokens.length),
      context,
      picker,
      3,
    )
    picked.add(token)
    expect(token).toBe(best)
    expect(logit).toBeCloseTo(dot(best, state), 5)
    const largest = Math.max(...exact.map((other) => dot(other, state)))
    const left = new Float64Array(size)
    texts.forEach((_, other) => {
      if (!exact.includes(other)) left[symbols.firstSymbol[other]!]! += Math.exp(dot(other, state) - largest)
    })
    const expected = left.reduce((sum, share) => sum + Math.max(1e-4, share), 0)
    expect(doubt).toBeCloseTo(Math.log(expected) + largest - score(best), 2)
  }
  expect(picked.has(5)).toBe(true)
  expect(picked.has(6)).toBe(false)
})

it('always doubts where a token that it has no exact score for may have been raised', () => {
  const state = Float32Array.from({ length: d }, () => random.normal())
  for (const [presencePenalty, isDoubted] of [
    [-0.5, true],
    [0.5, false],
  ] as const) {
    const picker = createPicker({ temperature: 0, seed: 0, presencePenalty })
    const context = createContextSymbols(rows, symbols, { hiddenSize: d, most: 2 })
    const doubt = () => {
      const held = [...context.tokens.subarray(0, context.count)]
      const scores = scoresOf(state, held, context.tokens.length)
      return createFirstScores(speller).choose(scores, context, picker, 0).doubt
    }
    context.follow([], [2, 3])
    expect(context.isPartial).toBe(false)
    expect(doubt()).toBeLessThan(Infinity)
    context.follow([2, 3], [5])
    expect(context.isPartial).toBe(true)
    expect(doubt() === Infinity).toBe(isDoubted)
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
