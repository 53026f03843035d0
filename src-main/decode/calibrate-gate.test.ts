import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBaseModel, openModelTokenizer, type BaseModel } from '../models/base-model.ts'
import { openHeadRows } from '../models/head-rows.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { createTrunkSession, type TrunkSession } from '../models/trunk-session.ts'
import { collect } from '../runs/testing/collect.ts'
import { alphabetSize, byteAlphabet, endSymbol } from '../spelling/alphabet.ts'
import { buildSpeller, spellingOf, type Speller } from '../spelling/speller.ts'
import { calibrateGate, gateShares } from './calibrate-gate.ts'
import { baseChooser, createBaseHead, type BaseHead, type Chooser } from './chooser.ts'
import { gatedChooser } from './gated.ts'
import { generate, newKvContext } from './generate.ts'
import { largestIndices } from './sampling.ts'
import { shortlistChooser } from './shortlist.ts'
import { oneAfterAnother } from './batched-generation.ts'
import type { TailSession } from '../spellm/tail-session.ts'
import { thresholdOf } from '../spellm/gates.ts'

const k = 16

let base: BaseModel
let trunk: TrunkSession
let head: BaseHead
let speller: Speller
let encode: (text: string) => number[]

beforeAll(async () => {
  base = await openBaseModel(modelFolder(sampleModelName))
  const tokenizer = await openModelTokenizer(base)
  encode = (text) => [base.architecture.beginToken!, ...tokenizer.encode(text)]
  trunk = await createTrunkSession(base)
  head = await createBaseHead(base)
  speller = buildSpeller(tokenizer.entries, byteAlphabet(tokenizer.entries), k)
})
afterAll(async () => {
  await trunk.release()
  await head.release()
})

/**
 * A tail that is as sure as the base model is, and where that is not sure, now and then takes the second best
 * token: a stand-in for one that has been trained, on states of any text.
 */
const tail: TailSession = {
  get speller() {
    return speller
  },
  outputHead: 'none',
  logProbabilities: async (hidden) => {
    const logits = await head.logits(hidden)
    const [first, second] = largestIndices(logits, 2) as [number, number]
    const sureness = 1 / (1 + Math.exp(logits[second]! - logits[first]!))
    const isMistaken = sureness < 0.8 && Math.abs(1_000 * hidden[0]!) % 1 < 0.4
    const token = isMistaken ? second : first
    const size = alphabetSize(speller.alphabet)
    const scores = new Float32Array(k * size).fill(Math.log((1 - 0.99 * sureness) / (size - 1)))
    const spelling = spellingOf(speller, token)
    for (let i = 0; i < k; i++)
      scores[i * size + (spelling[i] ?? endSymbol(speller.alphabet))] = Math.log(0.99 * sureness)
    return scores
  },
  release: () => Promise.resolve(),
}

const beginnings = (names: readonly string[]) =>
  names.flatMap((name) =>
    ['Once upon a time, a', 'The', 'One day the'].map((start) => encode(`${start} ${name}`)),
  )
const limits = () => ({
  stopTokens: base.architecture.endTokens,
  contextLength: base.architecture.contextLength,
})

describe('a calibrated gate', () => {
  it('lets through its share of the steps of texts that it was not calibrated on', async () => {
    const names = ['bear', 'cat', 'girl', 'fox', 'king']
    const gates = await calibrateGate(
      { trunk, forEachText: oneAfterAnother(trunk), tail, head },
      beginnings(names),
      { tokens: 40, ...limits() },
    )
    expect(gates.map(({ share }) => share)).toEqual([...gateShares])
    const thresholds = gates.map(({ threshold }) => threshold)
    expect(thresholds).toEqual(thresholds.toSorted((a, b) => a - b))

    const fresh = beginnings(['dog', 'owl', 'farmer', 'wolf', 'rabbit'])
    for (const share of [0.05, 0.2]) {
      let steps = 0
      let baseSteps = 0
      const counted: BaseHead = { ...head, greedy: (hidden) => (baseSteps++, head.greedy(hidden)) }
      const gated = gatedChooser(tail, counted, thresholdOf(gates, share)!, null)
      const chooser: Chooser = { ...gated, choose: (...step) => (steps++, gated.choose(...step)) }
      for (const prompt of fresh)
        await collect(generate(trunk, chooser, newKvContext(trunk), prompt, { maxTokens: 40, ...limits() }))
      expect(steps).toBeGreaterThan(500)
      expect(baseSteps / steps / share).toBeGreaterThan(0.6)
      expect(baseSteps / steps / share).toBeLessThan(1.7)
    }
  }, 120_000)
})

describe('shortlist of the whole vocabulary', () => {
  it('picks what the base model picks, whatever the tail believes', async () => {
    const rows = openHeadRows(base)
    const size = alphabetSize(speller.alphabet)
    const clueless: TailSession = {
      ...tail,
      speller,
      logProbabilities: () => Promise.resolve(new Float32Array(k * size).fill(-Math.log(size))),
    }
    const chooser = shortlistChooser(clueless, rows, speller.vocabularySize, null)
    const options = { maxTokens: 40, ...limits() }
    for (const prompt of beginnings(['bear']).slice(0, 2)) {
      const expected = await collect(
        generate(trunk, baseChooser(head, null), newKvContext(trunk), prompt, options),
      )
      expect(await collect(generate(trunk, chooser, newKvContext(trunk), prompt, options))).toEqual(expected)
    }
    rows.close()
  }, 60_000)
})
