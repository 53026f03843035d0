import { describe, expect, it } from 'vitest'
import { expectTrueGradients, randomData } from '../../src-main/graph/testing/finite-differences.ts'
import { constant, input } from '../../src-main/graph/index.ts'
import { createSession, floatData, floatTensor } from '../../src-main/runtime/session.ts'
import {
  attendedStates,
  initialLayer,
  layerParameterShapes,
  layerRows,
  textMask,
  type DecoderLayer,
} from './decoder-layer.ts'
import { createLayerSession } from './distill-layer.ts'

const layer: DecoderLayer = {
  hiddenSize: 6,
  heads: 4,
  keyValueHeads: 2,
  headSize: 4,
  scoreScale: 0.5,
  rotary: { frequencies: Float32Array.of(1, 0.1), magnitude: 1, beyond: null },
  tokens: 7,
}
const d = layer.hiddenSize
const shapes = layerParameterShapes(layer)
const weights = new Map([...shapes].map(([name, shape], i) => [name, randomData(shape, 10 + i)]))
/** Two windows: a text of three tokens and one of four, and a text that fills its window. */
const begins = Int32Array.of(0, 0, 0, 3, 3, 3, 3, 0, 0, 0, 0, 0, 0, 0)
const states = randomData([begins.length, d], 1)

/** What a layer makes of both windows at once. */
async function attended(hidden: Float32Array, learnt: ReadonlyMap<string, Float32Array> = weights) {
  const windows = begins.length / layer.tokens
  const mask = constant(textMask(begins, layer.tokens), [windows, 1, layer.tokens, layer.tokens])
  const weight = (name: string) => constant(learnt.get(name)!, shapes.get(name)!)
  const session = await createSession({
    out: attendedStates(layer, weight, input('hidden', [begins.length, d]), mask),
  })
  const { out } = await session.run({ hidden: floatTensor(hidden, [begins.length, d]) })
  await session.release()
  return floatData(out)
}

/** The same of one text by itself, number by number as Vaswani et al. 2017 and Su et al. 2021 have it. */
function attendedByHand(text: Float32Array): number[] {
  const { heads, keyValueHeads, headSize, scoreScale, rotary } = layer
  const rows = Array.from({ length: text.length / d }, (_, row) => [...text.subarray(row * d, (row + 1) * d)])
  const times = (name: string, x: readonly number[]) => {
    const matrix = weights.get(`adapter.${name}.weight`)!
    return Array.from({ length: matrix.length / x.length }, (_, out) =>
      x.reduce((sum, value, i) => sum + value * matrix[out * x.length + i]!, 0),
    )
  }
  const headOf = (x: readonly number[], head: number) => x.slice(head * headSize, (head + 1) * headSize)
  const rotated = (x: readonly number[], position: number) =>
    x.map((value, i) => {
      const pair = i % (headSize / 2)
      const angle = position * rotary!.frequencies[pair]!
      const [left, right] = [x[pair]!, x[pair + headSize / 2]!]
      return i < headSize / 2
        ? value * Math.cos(angle) - right * Math.sin(angle)
        : value * Math.cos(angle) + left * Math.sin(angle)
    })
  const normed = rows.map((row) => {
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0) / d + 1e-6)
    return row.map((value) => value / length)
  })
  return rows.flatMap((row, at) => {
    const mixed = Array.from({ length: heads }, (_, head) => {
      const shared = Math.floor((head * keyValueHeads) / heads)
      const query = rotated(headOf(times('query', normed[at]!), head), at)
      const scores = normed.slice(0, at + 1).map((other, place) => {
        const key = rotated(headOf(times('key', other), shared), place)
        return Math.exp(scoreScale * query.reduce((sum, value, i) => sum + value * key[i]!, 0))
      })
      const total = scores.reduce((sum, score) => sum + score, 0)
      return Array.from({ length: headSize }, (_, i) =>
        scores.reduce(
          (sum, score, place) => sum + (score / total) * headOf(times('value', normed[place]!), shared)[i]!,
          0,
        ),
      )
    })
    const added = times('output', mixed.flat())
    return row.map((value, i) => value + added[i]!)
  })
}

describe("a decoder layer's attention over the texts of a window", () => {
  it('is the attention that is defined, of each text by itself', async () => {
    const out = await attended(states)
    const texts = [
      [0, 3],
      [3, 7],
      [7, 14],
    ] as const
    const expected = texts.flatMap(([from, to]) => attendedByHand(states.subarray(from * d, to * d)))
    expect(out).toHaveLength(expected.length)
    out.forEach((value, i) => expect(value, `number ${i}`).toBeCloseTo(expected[i]!, 4))
  })

  it('changes nothing before a state that changes, nor in another text, and something after it', async () => {
    const before = await attended(states)
    for (const [changed, last] of [
      [1, 2],
      [4, 6],
      [8, 13],
    ] as const) {
      const others = states.slice()
      others[changed * d] = others[changed * d]! + 1
      const after = await attended(others)
      const differing = Array.from(begins, (_, row) => row).filter((row) =>
        after.subarray(row * d, (row + 1) * d).some((value, i) => value !== before[row * d + i]),
      )
      expect(differing).toEqual(Array.from({ length: last - changed + 1 }, (_, i) => changed + i))
    }
  })

  it('has true gradients', async () => {
    const mask = constant(textMask(begins, layer.tokens), [2, 1, layer.tokens, layer.tokens])
    const names = [...shapes.keys()]
    await expectTrueGradients([[begins.length, d], ...shapes.values()], (hidden, ...parameters) =>
      attendedStates(layer, (name) => parameters[names.indexOf(name)]!, hidden, mask),
    )
  })

  it('begins as the identity, so that the tail begins as one without it', async () => {
    expect(await attended(states, initialLayer(layer, 0))).toEqual(states)
  })

  it('reads a window by itself as it learns from several', async () => {
    const session = await createLayerSession(layer, weights)
    const out = await attended(states)
    const half = states.length / 2
    for (const window of [0, 1]) {
      const own = states.slice(window * half, (window + 1) * half)
      const read = await session.states(own, begins.slice(window * layer.tokens, (window + 1) * layer.tokens))
      read.forEach((value, i) => expect(value).toBeCloseTo(out[window * half + i]!, 5))
    }
    await session.release()
  })
})

it('counts every weight of the layer, and keys and values up to the step', () => {
  const weightsOfAll = [...shapes.values()].reduce((sum, [rows, columns]) => sum + rows * columns, 0)
  expect(layerRows(layer, 0) * d).toBe(weightsOfAll)
  // Two heads of four numbers, a key and a value each.
  expect((layerRows(layer, 5) - layerRows(layer, 0)) * d).toBeCloseTo(5 * 16)
})
