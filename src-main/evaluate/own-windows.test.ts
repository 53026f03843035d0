import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createBaseHead } from '../decode/chooser.ts'
import { largestIndex } from '../decode/sampling.ts'
import { writeSymbolSpellm } from '../decode/testing/symbol-spellm.ts'
import { createTrunkSession } from '../models/trunk-session.ts'
import { openSpellm, type Spellm } from '../spellm/spellm.ts'
import { evaluateOwnAnswers } from './evaluate-text.ts'
import { questionsOf, writeOwnWindows } from './own-windows.ts'
import type { ReadWindow, TextWindow } from './read-windows.ts'

const positions = 1_200
let scratch = ''
let spellm: Spellm
let greedy: TextWindow[]
let sampled: TextWindow[]
const counted = (windows: readonly TextWindow[]) =>
  windows.reduce((sum, { isCounted }) => sum + isCounted!.filter((own) => own === 1).length, 0)

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-own-windows-'))
  await writeSymbolSpellm(scratch, {})
  spellm = await openSpellm(scratch)
  const write = (answers: 'greedy' | 'sampled', least: number) =>
    writeOwnWindows(spellm.base, spellm.tokenizer, { answers, seed: 5, positions: least })
  greedy = await write('greedy', positions)
  sampled = await write('sampled', positions / 3)
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

/** The base model's logits after each position of a window, the slow way. */
async function logitsOf({ ids }: TextWindow): Promise<Float32Array[]> {
  const trunk = await createTrunkSession(spellm.base)
  const head = await createBaseHead(spellm.base)
  const states = await trunk.forward(ids, trunk.createCache())
  const d = spellm.base.architecture.hiddenSize
  const logits = []
  for (let row = 0; row < ids.length; row++)
    logits.push((await head.logits(states.slice(row * d, (row + 1) * d))).slice())
  await trunk.release()
  await head.release()
  return logits
}
/** Counted positions that a token of the window follows. */
const followed = ({ ids, isCounted }: TextWindow) =>
  [...ids.keys()].filter((row) => isCounted![row] === 1 && row + 1 < ids.length)

it('greedy answers are what the base model chooses after each of their positions, drawn ones are not', async () => {
  const agreeing = async (windows: readonly TextWindow[]) => {
    const own = windows[1]!
    const logits = await logitsOf(own)
    return followed(own).map((row) => largestIndex(logits[row]!) === own.ids[row + 1])
  }
  const ofGreedy = await agreeing(greedy)
  expect(ofGreedy.length).toBeGreaterThan(50)
  expect(ofGreedy.every((own) => own)).toBe(true)
  expect((await agreeing(sampled)).every((own) => own)).toBe(false)
})

it('are as many as were asked for, and their beginnings are drawn', () => {
  expect(counted(greedy)).toBeGreaterThanOrEqual(positions)
  const questions = questionsOf(greedy)
  expect(questions.length).toBe(greedy.length)
  for (const [i, { ids, isCounted }] of greedy.entries()) {
    const question = questions[i]!
    expect([...ids.subarray(0, question.length)]).toEqual(question)
    // The last token of the question is where the answer's first choice is made.
    expect([...isCounted!.subarray(0, question.length)]).toEqual([...question.slice(1).map(() => 0), 1])
  }
  expect(new Set(questions.map((question) => question.join())).size).toBe(questions.length)
})

it('an evaluation looks at agreement on the greedy ones, and at likelihoods on the drawn ones', async () => {
  const windows: ReadWindow[] = []
  const { evaluation, questions } = await evaluateOwnAnswers(spellm, {
    positions,
    seed: 5,
    gateShare: 1,
    onWindow: (window) => windows.push(window),
  })
  expect(windows.map(({ ids }) => [...ids])).toEqual(greedy.map(({ ids }) => [...ids]))
  expect(evaluation.agreement.positions).toBe(counted(greedy))
  expect(evaluation.agreement.agreement.gated!.value).toBe(1)
  expect(questions).toEqual(questionsOf(greedy))
  let [sum, count] = [0, 0]
  for (const window of sampled) {
    const logits = await logitsOf(window)
    for (const row of followed(window)) {
      const own = logits[row]!
      sum += own[window.ids[row + 1]!]! - Math.log(own.reduce((total, logit) => total + Math.exp(logit), 0))
      count++
    }
  }
  const { tokens, perplexity } = evaluation.perplexity
  expect(tokens).toBe(count)
  expect(perplexity.value).toBeCloseTo(Math.exp(-sum / count), 3)
})
