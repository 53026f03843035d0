import { describe, expect, it } from 'vitest'
import type { LastPosition } from '../models/trunk-session.ts'
import { seededRandom } from '../base/random.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import { groupAlphabet } from '../spelling/groups.ts'
import { buildSpeller, firstSymbolsOf } from '../spelling/speller.ts'
import { createContextSymbols } from './context-symbols.ts'
import { createFirstScores } from './first-choice.ts'
import { createPicker } from './picker.ts'

const count = 60
const d = 8
const groups = 7
const random = seededRandom(5)
const head = Array.from({ length: count }, () => Float32Array.from({ length: d }, () => random.normal()))
const entries = head.map((_, token) => ({
  bytes: new TextEncoder().encode(`t${token}`),
  special: token === 0,
  content: `t${token}`,
}))
const tokenSymbols = [0, 11, 12, 13, 40]
const dot = (token: number, state: Float32Array) =>
  head[token]!.reduce((sum, value, i) => sum + value * state[i]!, 0)
const rows = {
  read: (tokens: ArrayLike<number>) =>
    Float32Array.from(Array.from(tokens).flatMap((token) => [...head[token]!])),
}
const context = [3, 9, 27, 33]

function open(read: number) {
  const alphabet = groupAlphabet(
    entries.map((_, token) => (token * 13) % groups),
    tokenSymbols,
    read,
  )
  const speller = buildSpeller(entries, alphabet, 1)
  const symbols = firstSymbolsOf(speller)
  const asked: number[] = []
  const rowLogits = {
    logits: (state: Float32Array, tokens: readonly number[]) => {
      asked.push(...tokens)
      return Promise.resolve(Float32Array.from(tokens, (token) => dot(token, state)))
    },
  }
  const first = createFirstScores(speller, rowLogits)
  const held = createContextSymbols(rows, symbols, { hiddenSize: d, most: 16 })
  held.follow([0], context)
  const size = alphabetSize(alphabet)
  /** What the learnt scores come to: each group's tokens, wrongly by a factor. */
  const learnt = (hidden: Float32Array, factor: (group: number) => number) =>
    Array.from({ length: size }, (_, group) =>
      Math.log(
        (alphabet.groups[group] ?? []).reduce((sum, token) => sum + Math.exp(dot(token, hidden)), 1e-12) *
          factor(group),
      ),
    )
  const stateOf = (hidden: Float32Array, factor: (group: number) => number): LastPosition => ({
    hidden,
    firstScores: Float32Array.from([
      ...tokenSymbols.map((token) => dot(token, hidden)),
      ...learnt(hidden, factor),
      ...context.map((token) => dot(token, hidden)),
      // A buffer of context rows has room for more.
      ...Array.from({ length: held.tokens.length - context.length }, () => 9),
    ]),
  })
  return { alphabet, first, held, asked, stateOf }
}
const anyState = () => Float32Array.from({ length: d }, () => random.normal())
const all = Array.from(head.keys())
const bestOf = (tokens: readonly number[], state: Float32Array) =>
  tokens.reduce((a, b) => (dot(b, state) > dot(a, state) ? b : a))

describe('learned groups', () => {
  it('all of them read, pick the best of the vocabulary without a doubt', async () => {
    const { first, held, stateOf } = open(groups)
    for (let round = 0; round < 100; round++) {
      const hidden = anyState()
      // However wrong the learnt scores are, if only none says that it holds nothing.
      const step = await first.look(
        stateOf(hidden, (group) => (group < groups ? 1e9 * (1 + random.uniform()) : 1)),
        held,
      )
      const { token, logit, doubt } = first.choose(step.scores, step.exact, createPicker(null), 0)
      expect(token).toBe(bestOf(all, hidden))
      expect(logit).toBeCloseTo(dot(token, hidden), 5)
      expect(doubt).toBeLessThan(-15)
      const { tokens, logits } = first.exact(step.scores, step.exact)
      expect([...tokens].toSorted((a, b) => a - b)).toEqual(all)
      tokens.forEach((own, i) => expect(logits[i]).toBeCloseTo(dot(own, hidden), 5))
    }
  })

  it.each([1, 2, 4])(
    '%i of them read, pick the best of what they hold, and doubt by the others',
    async (read) => {
      const { alphabet, first, held, asked, stateOf } = open(read)
      let some = 0
      for (let round = 0; round < 100; round++) {
        const hidden = anyState()
        const state = stateOf(hidden, () => 1)
        asked.length = 0
        const step = await first.look(state, held)
        const known = [...tokenSymbols, ...context]
        const mass = (group: readonly number[]) =>
          group.reduce((sum, token) => sum + (known.includes(token) ? 0 : Math.exp(dot(token, hidden))), 0)
        const before = Math.exp(dot(bestOf(known, hidden), hidden))
        const groups = alphabet.groups.toSorted((a, b) => mass(b) - mass(a))
        // Where the groups that are left hold next to nothing, no more of them is read.
        const holding = (own: readonly (readonly number[])[]) =>
          own.reduce((sum, group) => sum + mass(group), 0) / before
        const needed = groups.findIndex((_, i) => holding(groups.slice(i)) <= 0.03)
        const members = groups
          .slice(0, Math.min(read, needed < 0 ? read : needed))
          .flat()
          .filter((token) => !known.includes(token))
        expect(asked.toSorted((a, b) => a - b)).toEqual(members.toSorted((a, b) => a - b))

        const exact = [...known, ...members]
        const { token, doubt } = first.choose(step.scores, step.exact, createPicker(null), 0)
        expect(token).toBe(bestOf(exact, hidden))
        const left = all.filter((own) => !exact.includes(own))
        const rest = left.reduce((sum, own) => sum + Math.exp(dot(own, hidden) - dot(token, hidden)), 0)
        // A group that the context has a token of leaves a ten-thousandth at the least.
        if (rest > 0.02) {
          some++
          expect(Math.abs(doubt - Math.log(rest))).toBeLessThan(0.03)
        }
        expect(await first.look(state, held)).toBe(step)
      }
      expect(some).toBeGreaterThan(30)
    },
  )

  it('draw what the base model draws wherever that is read', async () => {
    const { first, held, stateOf } = open(groups)
    const sampling = { temperature: 0.8, seed: 3 }
    for (let place = 0; place < 50; place++) {
      const hidden = anyState()
      const step = await first.look(
        stateOf(hidden, () => 1e4),
        held,
      )
      const { token } = first.choose(step.scores, step.exact, createPicker(sampling), place)
      const logits = Float32Array.from(all, (own) => dot(own, hidden))
      expect(token).toBe(createPicker(sampling).pick(logits, null, place).index)
    }
  })
})
