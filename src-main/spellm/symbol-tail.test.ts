import { expect, it } from 'vitest'
import { openBaseModel, openModelTokenizer } from '../models/base-model.ts'
import { openHeadRows } from '../models/head-rows.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { tailParameterShapes } from '../models/tail.ts'
import { createTrunkSession } from '../models/trunk-session.ts'
import { seededRandom } from '../base/random.ts'
import { floatTensor } from '../runtime/session.ts'
import {
  alphabetSize,
  endSymbol,
  otherSymbol,
  parseAlphabet,
  withTokenSymbols,
} from '../spelling/alphabet.ts'
import { buildSpeller, firstSymbolsOf, isEmittable, spellingOf, statusOf } from '../spelling/speller.ts'
import { createSymbolTailSession, symbolTailOf } from './symbol-tail-session.ts'
import { tailShape } from './tail-session.ts'

const base = await openBaseModel(modelFolder(sampleModelName))
const { entries } = await openModelTokenizer(base)
const d = base.architecture.hiddenSize
const tokenSymbols = [300, 7, 1_000, 2_500]
const alphabet = withTokenSymbols(parseAlphabet('ascii', entries), tokenSymbols)
const speller = buildSpeller(entries, alphabet, 6)
const shape = tailShape(d, [32], speller)
const size = alphabetSize(alphabet)

function randomWeights() {
  const random = seededRandom(1)
  return new Map(
    [...tailParameterShapes(shape)].map(([name, [rows, columns]]) => [
      name,
      Float32Array.from({ length: rows * columns }, () => random.normal() * 0.1),
    ]),
  )
}

const rows = openHeadRows(base)
const parts = {
  weights: randomWeights(),
  tokenSymbols: alphabet.tokenSymbols!,
  rows,
  architecture: base.architecture,
} as const
const tail = symbolTailOf({ shape, ...parts })

it('divides the vocabulary into token symbols, first symbols and OTHER', () => {
  const { symbolIndex, firstSymbol } = firstSymbolsOf(speller)
  const special = entries.flatMap((entry, token) => (entry.special ? [token] : []))
  expect(alphabet.tokenSymbols).toEqual([...new Set([...special, ...tokenSymbols])])
  expect(size).toBe(endSymbol(alphabet) + 2)
  for (const token of entries.keys()) {
    const index = alphabet.tokenSymbols!.indexOf(token)
    expect(symbolIndex[token]).toBe(index)
    if (index >= 0) {
      expect(firstSymbol[token]).toBe(-1)
      expect(statusOf(speller, token)).toBe('symbol')
      expect(spellingOf(speller, token)).toHaveLength(0)
    } else
      expect(firstSymbol[token]).toBe(
        isEmittable(speller, token) ? spellingOf(speller, token)[0] : otherSymbol(alphabet),
      )
  }
})

it.each([0, 0.5])(
  'scores token symbols and context symbols by their rows, within the pass of the trunk as by itself (anchor %d)',
  async (anchor) => {
    const own = symbolTailOf({ shape: tailShape(d, [32], speller, anchor), ...parts })
    const trunk = await createTrunkSession(base, { symbolTail: own })
    const alone = await createSymbolTailSession(own)
    const context = [42, 99, 3_000]
    const contextRows = floatTensor(rows.read(context), [context.length, d])
    const cache = trunk.createCache()
    for (const tokens of [[1, 20, 300], [17], [4]]) {
      const state = await trunk.forwardLastPosition(Int32Array.from(tokens), cache, 'spelled', contextRows)
      const m = alphabet.tokenSymbols!.length
      const scores = state.firstScores!
      expect(scores).toHaveLength(m + size + context.length)
      const exact = rows.logits(state.hidden, [...alphabet.tokenSymbols!, ...context])
      exact.forEach((logit, i) => expect(scores[i < m ? i : i + size]).toBeCloseTo(logit, 3))

      const { first, spelled } = await alone.scores(state.hidden, true)
      first.forEach((score, i) => expect(scores[i]).toBeCloseTo(score, 3))
      expect(spelled).toHaveLength((shape.k - 1) * size)
      spelled!.forEach((logProbability, i) => expect(state.spelled![i]).toBeCloseTo(logProbability, 3))
      // Each head's probabilities add up to 1.
      for (let head = 0; head < shape.k - 1; head++) {
        const own = spelled!.subarray(head * size, (head + 1) * size)
        expect(own.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 4)
      }
    }
    // Nobody asks: nothing is computed, and there may be no context.
    expect((await trunk.forwardLastPosition(Int32Array.of(5), cache, 'none')).firstScores).toBeUndefined()
    const without = await trunk.forwardLastPosition(Int32Array.of(6), cache, 'first')
    expect(without.firstScores).toHaveLength(alphabet.tokenSymbols!.length + size)
    expect(without.spelled).toBeUndefined()
    await alone.release()
    await trunk.release()
  },
)

it('adds the anchor’s part of the exact scores’ log-sum to what is learnt', async () => {
  const anchor = 0.5
  const plain = await createSymbolTailSession(tail)
  const anchored = await createSymbolTailSession(
    symbolTailOf({ shape: tailShape(d, [32], speller, anchor), ...parts }),
  )
  const random = seededRandom(2)
  const states = Float32Array.from({ length: 3 * d }, () => random.normal())
  const [expected, found] = [await plain.scores(states), await anchored.scores(states)]
  const m = alphabet.tokenSymbols!.length
  const width = m + size
  for (let row = 0; row < 3; row++) {
    const exact = rows.logits(states.subarray(row * d, (row + 1) * d), alphabet.tokenSymbols!)
    const logSum = Math.log(exact.reduce((sum, logit) => sum + Math.exp(logit), 0))
    for (let i = 0; i < width; i++) {
      const score = expected.first[row * width + i]! + (i < m ? 0 : anchor * logSum)
      expect(found.first[row * width + i]).toBeCloseTo(score, 3)
    }
  }
  await plain.release()
  await anchored.release()
})
