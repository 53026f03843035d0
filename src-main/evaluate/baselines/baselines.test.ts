import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stories } from '../../../resources/stories/stories.ts'
import { collectTokens } from '../../distill/corpus.ts'
import { CancelledError } from '../../base/errors.ts'
import { openBaseModel, openModelTokenizer } from '../../models/base-model.ts'
import { openHeadRows, type HeadRows } from '../../models/head-rows.ts'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'
import { readWindows, windowsOf } from '../read-windows.ts'
import { baselineHead, resultOf, type BaselineHead, type BaselinePositions } from './baseline.ts'
import { measureBaselines } from './baselines.ts'
import { clusterScreen } from './cluster-screen.ts'
import { int8Head } from './int8-head.ts'
import { clusterRows } from '../../models/cluster-rows.ts'
import { lowRankDirections } from './low-rank-directions.ts'
import { lowRankPlan, lowRankScreen } from './low-rank-screen.ts'
import { createPositionStore } from './position-store.ts'
import { mostChosen, trimmedVocabulary } from './trimmed-vocabulary.ts'

const windowTokens = 256
let rows: HeadRows
let head: BaselineHead
let first: BaselinePositions
let second: BaselinePositions
let d = 0
/** The head's rows, and all logits at each of the second half's positions, in float64. */
let weights: Float64Array[]
let logits: Float64Array[]

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}
const stateAt = (position: number) => second.hidden.subarray(position * d, (position + 1) * d)
/** Whether the best of some tokens by float64 logits is the base model's. */
const picksRight = (position: number, tokens: Iterable<number>) => {
  let best = -1
  for (const token of tokens)
    if (best < 0 || logits[position]![token]! > logits[position]![best]!) best = token
  return best === second.choices[position] ? 1 : 0
}

beforeAll(async () => {
  const base = await openBaseModel(modelFolder(sampleModelName))
  const tokenizer = await openModelTokenizer(base)
  rows = openHeadRows(base)
  head = baselineHead(base, rows, tokenizer.vocabularySize)
  d = base.architecture.hiddenSize
  const limit = 3 * windowTokens
  const options = { limit, minimum: limit, windowTokens }
  const ids = await collectTokens(stories(21), tokenizer, base.architecture, options)
  const store = createPositionStore()
  const windows = windowsOf(ids, windowTokens)
  for await (const window of readWindows(base, windows, tokenizer.vocabularySize, 'cpu')) store.add(window)
  ;({ first, second } = store.halves()!)
  weights = Array.from({ length: head.tokens }, (_, token) => Float64Array.from(rows.read([token])))
  logits = Array.from({ length: second.count }, (_, i) =>
    Float64Array.from(weights, (row) => dot(row, stateAt(i))),
  )
})
afterAll(() => rows.close())

it('positions are halved by windows', () => {
  expect([first.count, second.count]).toEqual([windowTokens, 2 * windowTokens])
  expect([...new Set(second.windows)]).toEqual([0, 1])
  const store = createPositionStore()
  expect(store.halves()).toBeNull()
})

it('leaves out what isn’t counted, but not that it was read', () => {
  const store = createPositionStore()
  const window = {
    ids: Int32Array.of(5, 6, 7, 8),
    isCounted: Uint8Array.of(0, 0, 1, 1),
    reading: {
      hidden: Float32Array.of(0, 1, 2, 3),
      choices: Int32Array.of(6, 7, 8, 9),
      choiceLogProbabilities: new Float32Array(4),
      nextLogProbabilities: new Float32Array(4),
    },
  }
  store.add(window)
  store.add(window)
  const halves = store.halves()!
  expect(halves.first.count).toBe(2)
  expect(halves.first.read.map((own) => [...own])).toEqual([[5, 6, 7], [8]])
  expect([...halves.first.hidden]).toEqual([2, 3])
  expect([...halves.first.choices]).toEqual([8, 9])
})

describe('a trimmed vocabulary', () => {
  it.each([
    [0.05, false],
    [0.05, true],
    [0.15, true],
  ])('of %f of the tokens, with context %s', (share, hasContext) => {
    const kept = mostChosen(first.choices, head, share)
    expect(kept.size).toBe(Math.round(share * head.tokens))
    const { isFound, bytesShare } = trimmedVocabulary(kept, second, head, hasContext)
    let read = 0
    const expected = Array.from(isFound, (_, i) => {
      const start = Math.floor(i / windowTokens) * windowTokens
      const scored = new Set([
        ...kept,
        ...(hasContext ? second.read.slice(start, i + 1).flatMap((own) => [...own]) : []),
      ])
      read += scored.size
      return picksRight(i, scored)
    })
    expect([...isFound]).toEqual(expected)
    expect(bytesShare).toBeCloseTo(read / second.count / head.tokens, 12)
  })

  it('has what was chosen, and the most frequent of it first', () => {
    const kept = mostChosen(Int32Array.of(9, 9, 9, 7, 7, 30, 20), { tokens: 40 }, 0.1)
    expect([...kept]).toEqual([9, 7, 20, 30])
  })
})

describe('a screen in two stages', () => {
  it('has each row where it points to, and reads the best clusters that fit', async () => {
    const clusters = await clusterRows(rows, d, head.tokens, { count: 60, iterations: 5 })
    const mean = weights[0]!.map((_, i) => weights.reduce((sum, row) => sum + row[i]!, 0) / head.tokens)
    const parts = (matrix: Float32Array) =>
      Array.from({ length: 60 }, (_, i) => matrix.slice(i * d, (i + 1) * d))
    const directions = parts(clusters.directions)
    for (let token = 0; token < head.tokens; token += 41) {
      const along = directions.map((direction) =>
        dot(
          direction,
          weights[token]!.map((value, i) => value - mean[i]!),
        ),
      )
      expect(along[clusters.clusterOf[token]!]).toBeCloseTo(Math.max(...along), 4)
    }
    const members = directions.map((_, cluster) =>
      Array.from({ length: head.tokens }, (_, token) => token).filter(
        (token) => clusters.clusterOf[token] === cluster,
      ),
    )
    const centroids = members.map((own) =>
      mean.map((_, i) => own.reduce((sum, token) => sum + weights[token]![i]!, 0) / own.length),
    )
    const orders = Array.from({ length: second.count }, (_, i) => {
      const scores = centroids.map((centroid) => dot(centroid, stateAt(i)))
      return [...centroids.keys()].sort((a, b) => scores[b]! - scores[a]!)
    })
    const tokensOfBest = (position: number, best: number) =>
      orders[position]!.slice(0, best).flatMap((cluster) => members[cluster]!)
    const rowsOfBest = (best: number) =>
      orders.reduce((sum, _, i) => sum + tokensOfBest(i, best).length, 0) / second.count

    const shares = [0.05, 0.15]
    const found = await clusterScreen(clusters, head, second, shares)
    for (const [size, share] of shares.entries()) {
      let best = 0
      while (60 + rowsOfBest(best + 1) <= share * head.tokens) best++
      expect(best).toBeGreaterThan(0)
      const expected = orders.map((_, i) => picksRight(i, tokensOfBest(i, best)))
      expect([...found[size]!.isFound]).toEqual(expected)
      expect(found[size]!.bytesShare).toBeCloseTo((60 + rowsOfBest(best)) / head.tokens, 10)
    }
  })

  it('can be stopped', async () => {
    const signal = AbortSignal.abort()
    await expect(clusterRows(rows, d, head.tokens, { count: 8, signal })).rejects.toThrow(CancelledError)
  })
})

describe('a screen of low rank', () => {
  it('follows the directions along which products with the states differ most', async () => {
    // W = Σ s_j u_j q_jᵀ with Walsh functions u_j and the columns q_j of a reflection.
    const sizes = [9, 6, 4, 2, 1, 0.5, 0.25, 0.1]
    const normal = sizes.map((_, i) => i + 1)
    const square = dot(normal, normal)
    const column = (j: number) =>
      sizes.map((_, i) => (i === j ? 1 : 0) - (2 * normal[i]! * normal[j]!) / square)
    const bits = (value: number) => value.toString(2).replaceAll('0', '').length
    const read = (tokens: ArrayLike<number>) =>
      Float32Array.from(
        Array.from(tokens).flatMap((token) =>
          sizes.map((_, i) =>
            sizes.reduce((sum, s, j) => sum + s * (-1) ** bits(token & (j + 1)) * column(j)[i]!, 0),
          ),
        ),
      )
    // States along q_j of sizes that make 4, 0 and 6 the ones that matter, whatever W has along the others.
    const strengths = [1, 0.1, 0.1, 0.1, 20, 0.1, 16, 0.1]
    const states = Float32Array.from(strengths.flatMap((size, j) => column(j).map((value) => size * value)))
    const found = await lowRankDirections({ read }, 8, 64, { states, rank: 3, iterations: 40 })
    expect(found.ofRows).toHaveLength(24)
    for (const along of [found.ofRows, found.ofStates]) expect(along).toHaveLength(24)
    for (let row = 0; row < 8; row++)
      for (let i = 0; i < 8; i++) {
        const own = [0, 1, 2].reduce(
          (sum, j) => sum + found.ofRows[8 * j + row]! * found.ofStates[8 * j + i]!,
          0,
        )
        const expected = [0, 4, 6].reduce((sum, j) => sum + column(j)[row]! * column(j)[i]!, 0)
        expect(own).toBeCloseTo(expected, 3)
      }
  })

  it('lets the tokens through that int8 rows along them score best', async () => {
    const plan = lowRankPlan(head, 0.1)
    const { rank, candidates } = plan
    const directions = await lowRankDirections(rows, d, head.tokens, { states: first.hidden, rank })
    const { isFound, bytesShare } = await lowRankScreen(directions, plan, head, second)
    const along = (own: Float32Array, vector: ArrayLike<number>) =>
      Array.from({ length: rank }, (_, j) => dot(own.subarray(j * d, (j + 1) * d), vector))
    const screen = weights.map((row) => {
      const turned = along(directions.ofRows, row)
      const scale = Math.max(...turned.map(Math.abs)) / 127
      return turned.map((value) => Math.round(value / scale) * scale)
    })
    let wrong = 0
    for (let i = 0; i < second.count; i += 5) {
      const state = along(directions.ofStates, stateAt(i))
      const scores = screen.map((row) => dot(row, state))
      const order = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!)
      if (picksRight(i, order.slice(0, candidates)) !== isFound[i]) wrong++
    }
    // Rounding may exchange what is last let through.
    expect(wrong).toBeLessThanOrEqual(1)
    expect(bytesShare).toBeGreaterThan(0.085)
    expect(bytesShare).toBeLessThanOrEqual(0.1)
  })
})

it('the exact int8 head picks what the base model picks, for a quarter of the bytes, some columns more and some rows', async () => {
  const { screened, positions } = (await int8Head(head, second))!
  expect(positions.count).toBe(second.count)
  expect(new Set(screened.isFound)).toEqual(new Set([1]))
  expect(screened.bytesShare).toBeGreaterThan(0.25)
  expect(screened.bytesShare).toBeLessThan(0.33)
})

it('a result leaves out what repeats the text', () => {
  const isFound = Uint8Array.of(1, 1, 0, 1)
  const result = (isLoop: Uint8Array) => resultOf('x', { count: 4, isLoop }, { isFound, bytesShare: 0.1 })
  expect(result(Uint8Array.of(0, 1, 0, 1))).toEqual({
    name: 'x',
    bytesShare: 0.1,
    positions: 4,
    agreement: 0.75,
    agreementNoLoops: 0.5,
  })
  expect(result(Uint8Array.of(1, 1, 1, 1)).agreementNoLoops).toBeNull()
})

it('each is measured at three sizes, more bytes for more agreement', async () => {
  const progress: number[] = []
  const results = await measureBaselines(
    head,
    { first, second },
    {
      onProgress: (done, total) => progress.push(done / total),
    },
  )
  for (const name of ['trimmed', 'trimmed+context', 'clusters', 'low-rank']) {
    const own = results.filter((result) => result.name === name)
    expect(own).toHaveLength(3)
    const agreements = own.map(({ agreement }) => agreement)
    expect(agreements).toEqual(agreements.toSorted((a, b) => a - b))
    expect(new Set(agreements).size).toBeGreaterThan(1)
    own.forEach(({ bytesShare }, i) => expect(bytesShare).toBeLessThan([0.07, 0.13, 0.18][i]!))
  }
  expect(progress).toEqual(progress.toSorted((a, b) => a - b))
  expect(progress.at(-1)).toBe(1)
})
