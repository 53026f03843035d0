import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createBaseHead, type BaseHead } from '../../decode/chooser.ts'
import { oneAfterAnother, shareTrunk } from '../../decode/batched-generation.ts'
import { createTailSession, tailShape, type TailSession } from '../../spellm/tail-session.ts'
import { writeRecitingModel, writeRecitingSpellm } from '../../decode/testing/reciting-model.ts'
import { openTextGenerator } from '../../decode/text-generator.ts'
import { initialTail } from '../../distill/distill.ts'
import type { Tokenizer } from '../../tokenizer/index.ts'
import { openBaseModel, openModelTokenizer, type BaseModel } from '../../models/base-model.ts'
import { createBatchTrunk } from '../../models/batch-trunk.ts'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'
import { createTrunkSession, type TrunkSession } from '../../models/trunk-session.ts'
import { parseAlphabet } from '../../spelling/alphabet.ts'
import { buildSpeller } from '../../spelling/speller.ts'
import { createSpellingDistribution } from '../spelling-distribution.ts'
import { choiceResults, pickOf, scoreChoiceTasks, type ScoredChoiceTask } from './choice-tasks.ts'
import { encodePair, fitPair } from './encode-pair.ts'
import { exactResults, writeExactTasks } from './exact-tasks.ts'
import { createSequenceScorer, type SequenceScorer } from './sequence-scorer.ts'
import { readTaskFile } from './task-file.ts'

let scratch = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-tasks-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const written = async (...lines: unknown[]) => {
  const path = join(scratch, 'tasks.jsonl')
  await writeFile(
    path,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  )
  return path
}

describe('a task file', () => {
  const choice = { context: 'a', choices: ['b', 'c'], answer: 1 }
  const exact = { context: 'a', expected: 'b' }

  it('holds both sorts, in lines that are numbered', async () => {
    const path = await written(choice, '', exact, { ...choice, delimiter: '' })
    expect(await readTaskFile(path)).toEqual({
      path,
      choice: [
        { ...choice, delimiter: ' ', line: 1 },
        { ...choice, delimiter: '', line: 4 },
      ],
      exact: [{ ...exact, stop: ['\n'], maxTokens: 64, line: 3 }],
    })
  })

  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{"context"', /line 2: this is not JSON/],
    ['no object', '[1]', /line 2: .*object/],
    [
      'an answer that there is not',
      { ...choice, answer: 2 },
      /line 2: field 'answer': expected the number of a choice/,
    ],
    ['one choice', { ...choice, choices: ['b'] }, /line 2: field 'choices'/],
    ['an empty choice', { ...choice, choices: ['b', ''] }, /line 2: field 'choices.1'/],
    ['a field that nobody reads', { ...choice, anwser: 0 }, /line 2: .*anwser/],
    ['too much to write', { ...exact, maxTokens: 1e9 }, /line 2: field 'maxTokens'/],
    ['no answer', { context: 'a', choices: ['b', 'c'] }, /line 2: field 'answer'/],
  ])('with %s is refused by file, line and field', async (_, line, message) => {
    const path = await written(choice, line)
    await expect(readTaskFile(path)).rejects.toMatchObject({
      code: 'text-invalid',
      message: expect.stringMatching(message) as string,
    })
    await expect(readTaskFile(path)).rejects.toMatchObject({
      message: expect.stringContaining(path) as string,
    })
  })

  it('must hold a task, and be there', async () => {
    await expect(readTaskFile(await written('', ''))).rejects.toMatchObject({ code: 'text-invalid' })
    await expect(readTaskFile(join(scratch, 'nowhere.jsonl'))).rejects.toMatchObject({
      code: 'file-not-found',
    })
  })
})

describe('a pair that is too long', () => {
  const pair = { context: [1, 2, 3, 4], continuation: [5, 6, 7] }

  it('loses its beginning, as far as the last token need not be read', () => {
    expect(fitPair(pair, 6)).toEqual(pair)
    expect(fitPair(pair, 5)).toEqual({ ...pair, context: [2, 3, 4] })
    expect(fitPair(pair, 3)).toEqual({ ...pair, context: [4] })
  })

  it('can not lose all of its context', () => {
    expect(fitPair(pair, 2)).toBeNull()
  })
})

describe('the sample model on multiple-choice tasks', () => {
  const casesSchema = z.array(
    z.object({
      context: z.string(),
      choices: z.array(z.string()),
      delimiter: z.string(),
      answer: z.int(),
      encoded: z.array(z.tuple([z.array(z.int()), z.array(z.int())])),
      logLikelihoods: z.array(z.number()),
      pick: z.int(),
      accNormPick: z.int(),
    }),
  )
  let cases: z.infer<typeof casesSchema>
  let base: BaseModel
  let tokenizer: Tokenizer
  let trunk: TrunkSession
  let head: BaseHead
  let tail: TailSession
  let scorer: SequenceScorer
  let model: Parameters<typeof scoreChoiceTasks>[1]
  let scored: ScoredChoiceTask[]

  beforeAll(async () => {
    const file = join(import.meta.dirname, '../testing/sample-choices.json')
    cases = casesSchema.parse(JSON.parse(await readFile(file, 'utf8')))
    base = await openBaseModel(modelFolder(sampleModelName))
    tokenizer = await openModelTokenizer(base)
    trunk = await createTrunkSession(base)
    head = await createBaseHead(base)
    const speller = buildSpeller(tokenizer.entries, parseAlphabet('ascii', tokenizer.entries), 12)
    const shape = tailShape(base.architecture.hiddenSize, [16], speller)
    tail = await createTailSession(shape, initialTail(shape, 3), speller)
    scorer = createSequenceScorer(trunk, head, tail)
    const tasks = cases.map((task, line) => ({ ...task, line }))
    const forEachText = oneAfterAnother(trunk)
    model = { tokenizer, architecture: base.architecture, forEachText }
    scored = await scoreChoiceTasks(scorer, model, 'tasks.jsonl', tasks)
  })
  afterAll(async () => {
    await trunk.release()
    await head.release()
    await tail.release()
  })

  it('splits context and continuation as the harness does', () => {
    for (const { context, choices, delimiter, encoded } of cases)
      for (const [i, choice] of choices.entries()) {
        const pair = encodePair(tokenizer, base.architecture, context, delimiter + choice)
        expect([pair.context, pair.continuation]).toEqual(encoded[i])
      }
  })

  it('has the log-likelihoods that transformers has, and so the same picks', () => {
    for (const [i, { logLikelihoods, pick, accNormPick }] of cases.entries()) {
      scored[i]!.base.forEach((value, j) => expect(value).toBeCloseTo(logLikelihoods[j]!, 2))
      expect(pickOf(scored[i]!, 'base')).toBe(pick)
      expect(pickOf(scored[i]!, 'base', (choice) => Array.from(choice).length)).toBe(accNormPick)
    }
    const { base: ofBase, tasks } = choiceResults(scored)
    const right = (picks: readonly number[]) =>
      picks.filter((pick, i) => pick === cases[i]!.answer).length / cases.length
    expect(tasks).toBe(cases.length)
    expect(ofBase.acc.value).toBeCloseTo(right(cases.map(({ pick }) => pick)), 12)
    expect(ofBase.accNorm.value).toBeCloseTo(right(cases.map(({ accNormPick }) => accNormPick)), 12)
  })

  it('has the same log-likelihoods side by side', async () => {
    const batch = await createBatchTrunk(base, 3)
    const shared = shareTrunk(batch, { tail, head })
    const sideBySide = createSequenceScorer(shared.trunk, head, tail)
    const tasks = scored.map(({ task }) => task)
    const { forEachText } = shared
    const again = await scoreChoiceTasks(sideBySide, { ...model, forEachText }, 'tasks.jsonl', tasks)
    await batch.release()
    for (const [i, { base: ofBase, spellm }] of again.entries()) {
      ofBase.forEach((value, j) => expect(value).toBeCloseTo(scored[i]!.base[j]!, 3))
      spellm.forEach((value, j) => expect(value).toBeCloseTo(scored[i]!.spellm[j]!, 3))
    }
    expect(again).toHaveLength(scored.length)
  })

  it("has the SpeLLM's log-likelihoods by the spellings, one position after another", async () => {
    const distribution = createSpellingDistribution(tail.speller)
    const [context, continuation] = cases[0]!.encoded[0]!
    const cache = trunk.createCache()
    const hidden = await trunk.forward(Int32Array.from([...context, ...continuation]), cache)
    const d = base.architecture.hiddenSize
    let expected = 0
    for (const [i, token] of continuation.entries()) {
      const row = context.length - 1 + i
      const scores = await tail.logProbabilities(hidden.slice(row * d, (row + 1) * d))
      expected += distribution.score(scores, token) - distribution.logTotal(scores)
    }
    expect(scored[0]!.spellm[0]).toBeCloseTo(expected, 3)
    // 'ö' is not in the alphabet.
    expect(scored.at(-1)!.spellm[0]).toBe(-Infinity)
    expect(choiceResults(scored).unsaidChoices).toBeGreaterThan(0)
  })

  it('names the line of a choice that the context can not hold', async () => {
    const long = { ...cases[0]!, choices: ['a', 'word '.repeat(500)], line: 7 }
    await expect(scoreChoiceTasks(scorer, model, 'tasks.jsonl', [long])).rejects.toMatchObject({
      code: 'text-invalid',
      message: expect.stringMatching(/tasks\.jsonl, line 7: choice 1 has/) as string,
    })
  })
})

it.each([1, 3])(
  'exact-match tasks compare what is written up to a stop text, %i at a time',
  async (texts) => {
    const base = join(scratch, 'base')
    const script = await writeRecitingModel(base, 'Once upon a time, two bears lived near the old mill.', {
      contextLength: 100,
    })
    const [misspelled] = (await openModelTokenizer(await openBaseModel(base))).encode(' bears')
    await writeRecitingSpellm(join(scratch, 'spellm'), base, script, { misspelled: misspelled! })
    const generator = await openTextGenerator(join(scratch, 'spellm'), { texts })
    const tasks = [
      { context: 'Once', expected: 'upon a time', stop: [','], maxTokens: 20, line: 1 },
      { context: ' time', expected: ', two bears lived', stop: [' near'], maxTokens: 20, line: 2 },
      { context: ' near', expected: 'the', stop: ['\n'], maxTokens: 1, line: 3 },
      { context: ' near', expected: 'old', stop: ['\n'], maxTokens: 1, line: 4 },
    ]
    const modes = ['base', 'trie'] as const
    const { exactMatch } = exactResults(await writeExactTasks(generator, modes, 'tasks.jsonl', tasks), modes)
    await generator.release()
    expect(exactMatch.base!.value).toBe(0.75)
    expect(exactMatch.trie!.value).toBe(0.5)
  },
)
