import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stories } from '../../resources/stories/stories.ts'
import { createBaseHead, type BaseHead } from '../decode/chooser.ts'
import { largestIndex } from '../decode/sampling.ts'
import { writeSymbolSpellm } from '../decode/testing/symbol-spellm.ts'
import { openHeadRows, type HeadRows } from '../models/head-rows.ts'
import { createTrunkSession, type TrunkSession } from '../models/trunk-session.ts'
import { alphabetSize, endSymbol } from '../spelling/alphabet.ts'
import { firstSymbolsOf, isEmittable, spellingOf, statusOf } from '../spelling/speller.ts'
import { openSpellm, type Spellm } from '../spellm/spellm.ts'
import { evaluateText } from './evaluate-text.ts'
import { loopPositions } from './loops.ts'
import type { ReadWindow } from './read-windows.ts'
import { symbolDistribution } from './symbol-distribution.ts'
import { createSymbolReader, type SymbolReader } from './symbol-text.ts'
import type { TextEvaluation } from './text-evaluation.ts'

const contextSymbols = 24
/** Beginnings of stories, each said twice. */
function* texts() {
  for (const story of stories(7)) yield story.slice(0, 250).repeat(2)
}
let scratch = ''
let spellm: Spellm
let trunk: TrunkSession
let head: BaseHead
let rows: HeadRows
let reader: SymbolReader
/** Of each position of the text, the slow way: one window after another, nothing at once. */
interface Reference {
  readonly window: number
  readonly ids: readonly number[]
  readonly state: Float32Array
  readonly choice: number
  readonly logits: Float32Array
}
const reference: Reference[] = []
const windows: ReadWindow[] = []
let found: TextEvaluation

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-evaluate-symbols-'))
  await writeSymbolSpellm(scratch, { contextSymbols })
  spellm = await openSpellm(scratch)
  trunk = await createTrunkSession(spellm.base)
  head = await createBaseHead(spellm.base)
  rows = openHeadRows(spellm.base)
  reader = await createSymbolReader(spellm, rows, 'cpu')
  found = await evaluateText(spellm, texts(), {
    positions: 700,
    gateShare: 0,
    onWindow: (window) => windows.push(window),
  })
  const d = spellm.base.architecture.hiddenSize
  for (const [window, { ids }] of windows.entries()) {
    const states = await trunk.forward(ids, trunk.createCache())
    for (let row = 0; row < ids.length; row++) {
      const state = states.slice(row * d, (row + 1) * d)
      const logits = await head.logits(state)
      reference.push({
        window,
        ids: [...ids.subarray(0, row + 1)],
        state,
        choice: largestIndex(logits),
        logits,
      })
    }
  }
})
afterAll(async () => {
  await reader.release()
  rows.close()
  await head.release()
  await trunk.release()
  await rm(scratch, { recursive: true, force: true })
})

const symbols = () => new Set(spellm.speller.alphabet.tokenSymbols)
/** The last different tokens that are no token symbols. */
const contextOf = (ids: readonly number[]) =>
  [...new Set(ids.toReversed().filter((token) => !symbols().has(token)))].slice(0, contextSymbols)
const shareOf = (positions: readonly Reference[], isRight: (position: Reference) => boolean) =>
  positions.filter(isRight).length / positions.length
const logSum = (scores: Iterable<number>) =>
  Math.log([...scores].reduce((sum, score) => sum + Math.exp(score), 0))

describe('a text by a SpeLLM with token symbols', () => {
  const hasExactScore = ({ choice, ids }: Reference) =>
    symbols().has(choice) || contextOf(ids).includes(choice)

  it('without the base model’s help finds the choices that are token symbols or in the context', () => {
    const { agreement, gatedBaseShare } = found
    expect(agreement.positions).toBe(reference.length)
    expect(gatedBaseShare).toBe(0)
    expect(agreement.agreement.gated!.value).toBeCloseTo(shareOf(reference, hasExactScore), 12)
    // Spelled tokens are tried beside them, the base's own wins wherever it is one of these.
    expect(agreement.agreement.trie!.value).toBeGreaterThanOrEqual(agreement.agreement.gated!.value)
  })

  it('reports what doesn’t repeat itself apart', () => {
    const isLoop = windows.flatMap(({ ids }) => [...loopPositions(ids)])
    const rest = reference.filter((_, i) => isLoop[i] === 0)
    expect(rest.length).toBeLessThan(reference.length)
    const { noLoops } = found.agreement
    expect(noLoops.positions).toBe(rest.length)
    expect(noLoops.agreement.gated!.value).toBeCloseTo(shareOf(rest, hasExactScore), 12)
  })

  it('takes the base model’s choice where it is in doubt', async () => {
    const asked = await evaluateText(spellm, texts(), { positions: 700, gateShare: 1, modes: ['gated'] })
    expect(asked.gatedBaseShare).toBe(1)
    expect(asked.agreement.agreement).toEqual({ gated: { value: 1, low: 1, high: 1 } })
  })

  it('has perplexities, and the error of the learnt log-normaliser', async () => {
    const errors: number[] = []
    let [learnt, ofBase, count, raised] = [0, 0, 0, 0]
    const m = spellm.speller.alphabet.tokenSymbols!.length
    const { firstSymbol } = firstSymbolsOf(spellm.speller)
    for (const [i, { ids, state, logits, window }] of reference.entries()) {
      const { first } = (await reader.scores(state))[0]!
      // Exact scores where there are some; of what was learnt, what the context's tokens don't explain.
      const held = contextOf(ids)
      const exact = [...first.subarray(0, m), ...held.map((token) => logits[token]!)]
      const best = Math.max(...exact)
      const shares = Array.from(first.subarray(m), (score) => Math.exp(score - best))
      for (const token of held) shares[firstSymbol[token]!]! -= Math.exp(logits[token]! - best)
      if (reference[i + 1]?.window !== window) continue
      const next = reference[i + 1]!.ids.at(-1)!
      const rest = shares.filter((share) => share > 1e-4).map((share) => best + Math.log(share))
      // No token is likelier than certain.
      const learntNormaliser = Math.max(logSum([...exact, ...rest]), logits[next]!)
      const normaliser = logSum(logits)
      if (learntNormaliser === logits[next]!) raised++
      errors.push(learntNormaliser - normaliser)
      learnt += logits[next]! - learntNormaliser
      ofBase += logits[next]! - normaliser
      count++
    }
    const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
    const deviation = Math.sqrt(errors.reduce((sum, error) => sum + (error - mean) ** 2, 0) / errors.length)
    const { learntPerplexity, perplexity } = found
    expect(raised).toBeGreaterThan(0)
    expect(learntPerplexity!.tokens).toBe(count)
    expect(learntPerplexity!.perplexity.value / Math.exp(-learnt / count)).toBeCloseTo(1, 3)
    expect(perplexity.perplexity.value / Math.exp(-ofBase / count)).toBeCloseTo(1, 3)
    expect(learntPerplexity!.error.mean).toBeCloseTo(mean, 3)
    expect(learntPerplexity!.error.deviation).toBeCloseTo(deviation, 3)
  })
})

it('the distribution over all tokens adds up to 1, exact scores and spellings in their proportions', async () => {
  const { speller } = spellm
  const size = alphabetSize(speller.alphabet)
  const m = speller.alphabet.tokenSymbols!.length
  const { ids, state } = reference[60]!
  const scores = (await reader.scores(state))[0]!
  const text = reader.createText()
  const read = text.read(ids, state, scores)
  const step = await reader.first.look(read, text.context)
  const logProbability = symbolDistribution(reader.first)(read, step)

  const tokens = Array.from({ length: speller.vocabularySize }, (_, token) => token)
  expect(tokens.reduce((sum, token) => sum + Math.exp(logProbability(token)), 0)).toBeCloseTo(1, 5)
  const context = contextOf(ids)
  for (const token of tokens) {
    const isExact = symbols().has(token) || context.includes(token)
    expect(logProbability(token) > -Infinity).toBe(isExact || isEmittable(speller, token))
  }
  const exact = rows.logits(state, [...symbols(), ...context])
  const base = logProbability(speller.alphabet.tokenSymbols![0]!) - exact[0]!
  ;[...symbols(), ...context].forEach((token, i) =>
    expect(logProbability(token) - exact[i]!).toBeCloseTo(base, 3),
  )
  // A spelled token whose first symbol no token of the context begins with has that symbol's whole score.
  const begun = new Set(context.map((token) => spellingOf(speller, token)[0]))
  const spelled = tokens.filter(
    (token) =>
      statusOf(speller, token) === 'covered' &&
      !context.includes(token) &&
      !begun.has(spellingOf(speller, token)[0]),
  )
  expect(spelled.length).toBeGreaterThan(10)
  for (const token of spelled.slice(0, 50)) {
    const spelling = [...spellingOf(speller, token), endSymbol(speller.alphabet)].slice(0, speller.k)
    const score = spelling.reduce(
      (sum, symbol, i) =>
        sum + (i === 0 ? scores.first[m + symbol]! : scores.spelled[(i - 1) * size + symbol]!),
      0,
    )
    expect(logProbability(token) - score).toBeCloseTo(base, 3)
  }
})
