import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createBaseHead, type BaseHead } from '../../decode/chooser.ts'
import { oneAfterAnother } from '../../decode/batched-generation.ts'
import { createTailSession, tailShape, type TailSession } from '../../spellm/tail-session.ts'
import { initialTail } from '../../distill/distill.ts'
import { openBaseModel, openModelTokenizer } from '../../models/base-model.ts'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'
import { createTrunkSession, type TrunkSession } from '../../models/trunk-session.ts'
import { parseAlphabet } from '../../spelling/alphabet.ts'
import { buildSpeller } from '../../spelling/speller.ts'
import { namedResults, pickedOption, scoreQuestions } from './named-results.ts'
import { harnessVersion, namedTasks } from './named-tasks.ts'
import { readQuestions } from './read-questions.ts'
import type { ScoredModel } from './score-options.ts'
import { createSequenceScorer } from './sequence-scorer.ts'

const folder = join(import.meta.dirname, '../testing/tasks')
const sample = (name: string) => join(folder, `${name}.parquet`)
const arcEasy = namedTasks.find(({ name }) => name === 'arc_easy')!

const expectedSchema = z.object({
  lmEval: z.string(),
  tasks: z.record(
    z.string(),
    z.object({
      requests: z.string(),
      acc: z.number(),
      accNorm: z.number().optional(),
      perplexity: z.number().optional(),
      hits: z.array(z.int()),
      hitsNorm: z.array(z.int()).optional(),
      logLikelihoods: z.array(z.array(z.number())),
    }),
  ),
})

describe('beside lm-evaluation-harness, on questions of our own', () => {
  let expected: z.infer<typeof expectedSchema>
  let trunk: TrunkSession
  let head: BaseHead
  let tail: TailSession
  let model: ScoredModel

  beforeAll(async () => {
    expected = expectedSchema.parse(JSON.parse(await readFile(join(folder, 'expected.json'), 'utf8')))
    const base = await openBaseModel(modelFolder(sampleModelName))
    const tokenizer = await openModelTokenizer(base)
    trunk = await createTrunkSession(base)
    head = await createBaseHead(base)
    const speller = buildSpeller(tokenizer.entries, parseAlphabet('ascii', tokenizer.entries), 12)
    const shape = tailShape(base.architecture.hiddenSize, [16], speller)
    tail = await createTailSession(shape, initialTail(shape, 3), speller)
    model = { tokenizer, architecture: base.architecture, forEachText: oneAfterAnother(trunk) }
  })
  afterAll(async () => {
    await trunk.release()
    await head.release()
    await tail.release()
  })

  it('of the version that the documentation names', () => {
    expect(expected.lmEval).toBe(harnessVersion)
    expect(Object.keys(expected.tasks)).toEqual(namedTasks.map(({ name }) => name))
  })

  it.each(namedTasks.map((task) => [task.name, task] as const))('%s gives the same', async (name, task) => {
    const reference = expected.tasks[name]!
    const { questions, available } = await readQuestions(task, sample(name))
    expect(available).toBeGreaterThanOrEqual(40)

    const texts = questions.flatMap(({ options }) =>
      options.flatMap(({ context, continuation }) => [context, continuation]),
    )
    expect(createHash('sha256').update(texts.join('\0')).digest('hex')).toBe(reference.requests)

    const scorer = createSequenceScorer(trunk, head, tail)
    const scored = await scoreQuestions(scorer, model, name, questions)
    for (const [i, { base }] of scored.entries())
      for (const [j, { logLikelihood }] of base.entries())
        expect(Math.abs(logLikelihood - reference.logLikelihoods[i]![j]!)).toBeLessThan(1e-3)
    const hits = (metric: 'acc' | 'accNorm') =>
      scored.map((one) => (pickedOption(one, 'base', metric) === one.question.answer ? 1 : 0))
    expect(hits('acc')).toEqual(reference.hits)
    if (reference.hitsNorm) expect(hits('accNorm')).toEqual(reference.hitsNorm)

    const { base, perplexity } = namedResults(task, scored, available)
    expect(base.acc.value).toBeCloseTo(reference.acc, 12)
    expect(base.accNorm?.value).toEqual(
      reference.accNorm === undefined ? undefined : (expect.closeTo(reference.accNorm, 12) as number),
    )
    expect(perplexity === null).toBe(reference.perplexity === undefined)
    if (perplexity) expect(perplexity.base.value / reference.perplexity!).toBeCloseTo(1, 4)
  })

  it('names task and row of what the context can not hold', async () => {
    const options = [{ context: 'a', continuation: ' word'.repeat(500) }]
    const question = { row: 7, options, lengths: [2500], answer: 0 }
    const scorer = createSequenceScorer(trunk, head, tail)
    await expect(scoreQuestions(scorer, model, 'piqa', [question])).rejects.toMatchObject({
      code: 'text-invalid',
      message: expect.stringMatching(/^piqa, row 7: choice 0 has/) as string,
    })
  })
})

describe('the questions of a task', () => {
  it('of which there are more than wanted are a sample, the same each time', async () => {
    const all = await readQuestions(arcEasy, sample('arc_easy'))
    const some = await readQuestions(arcEasy, sample('arc_easy'), { limit: 10 })
    const rows = some.questions.map(({ row }) => row)
    expect(some.available).toBe(all.questions.length)
    expect(rows).toHaveLength(10)
    expect(rows).toEqual([...new Set(rows)].sort((a, b) => a - b))
    expect(rows.at(-1)).toBeGreaterThan(20)
    expect(some).toEqual(await readQuestions(arcEasy, sample('arc_easy'), { limit: 10 }))
    expect(some.questions[3]).toEqual(all.questions[rows[3]!])
  })

  const row = { question: 'Why?', choices: { text: ['a', 'b'], label: ['A', 'B'] }, answerKey: 'B' }
  it.each<[string, unknown, RegExp]>([
    ['nothing', null, /^here: column '': .*object/],
    ['a column of another type', { ...row, question: 7 }, /column 'question'/],
    ['a list without texts', { ...row, choices: { ...row.choices, text: [1] } }, /column 'choices.text.0'/],
    ['an answer that there is not', { ...row, answerKey: 'C' }, /none of the choices/],
    [
      'choices without end',
      { ...row, choices: { text: Array(27).fill('a'), label: Array(27).fill('B') } },
      /more than 26 choices/,
    ],
  ])('are not made of %s', (_, wrong, message) => {
    expect(() => arcEasy.question(wrong, 0, 'here')).toThrow(
      expect.objectContaining({ code: 'text-invalid', message: expect.stringMatching(message) as string }),
    )
  })

  it('come from a file with the columns of the task', async () => {
    await expect(readQuestions(arcEasy, sample('piqa'))).rejects.toMatchObject({
      code: 'file-invalid',
      message: expect.stringContaining("has no column 'question'") as string,
    })
    const scratch = await mkdtemp(join(tmpdir(), 'spellm-questions-'))
    const file = join(scratch, 'broken.parquet')
    await writeFile(file, 'PAR1')
    await expect(readQuestions(arcEasy, file)).rejects.toMatchObject({ code: 'file-invalid' })
    await rm(scratch, { recursive: true })
  })
})

describe('the figures of a task', () => {
  const likelihood = (logLikelihood: number, isGreedy = false) => ({ logLikelihood, isGreedy })
  const question = (answer: number) => ({
    row: 0,
    options: [],
    // The second choice is twice as long.
    lengths: [1, 2],
    answer,
  })
  const choice = (answer: number, base: readonly number[], spellm: readonly number[]) => ({
    question: question(answer),
    base: base.map((value) => likelihood(value)),
    spellm: spellm.map((value) => likelihood(value)),
  })

  it('compare both models question by question', () => {
    const scored = [
      choice(0, [-1, -3], [-1, -3]),
      choice(0, [-1, -3], [-3, -2]),
      choice(1, [-2, -3], [-Infinity, -1]),
      choice(1, [-1, -3], [-1, -3]),
    ]
    const { base, spellm, difference, samePick, unsaidOptions, perplexity } = namedResults(arcEasy, scored, 9)
    expect(base.acc.value).toBe(0.5)
    expect(base.accNorm!.value).toBe(0.75)
    expect(spellm.acc.value).toBe(0.5)
    // +1, −1 and two ties: no difference, with a standard error of √(2/3) / 2.
    const margin = 1.96 * (Math.sqrt(2 / 3) / 2)
    expect(difference.acc).toEqual({
      value: 0,
      low: expect.closeTo(-margin, 12) as number,
      high: expect.closeTo(margin, 12) as number,
    })
    expect(difference.accNorm!.value).toBe(-0.25)
    expect(samePick.value).toBe(0.5)
    expect(unsaidOptions).toBe(1)
    expect(perplexity).toBeNull()
  })

  it('of last words: greedy hits, and perplexity also on what the SpeLLM can say', () => {
    const word = (base: number, spellm: number, isGreedy: readonly [boolean, boolean]) => ({
      question: { ...question(0), lengths: [4] },
      base: [likelihood(base, isGreedy[0])],
      spellm: [likelihood(spellm, isGreedy[1])],
    })
    const task = namedTasks.find(({ name }) => name === 'lambada_openai')!
    const scored = [
      word(-1, -2, [true, true]),
      word(-3, -2, [true, false]),
      word(-5, -Infinity, [false, false]),
    ]
    const { base, spellm, samePick, perplexity } = namedResults(task, scored, 3)
    expect(base).toMatchObject({ acc: { value: expect.closeTo(2 / 3, 12) as number } })
    expect(base).not.toHaveProperty('accNorm')
    expect(spellm.acc.value).toBeCloseTo(1 / 3, 12)
    expect(samePick.value).toBeCloseTo(2 / 3, 12)
    expect(perplexity!.base.value).toBeCloseTo(Math.exp(3), 9)
    expect(perplexity!.spellm).toBeNull()
    expect(perplexity!.said).toMatchObject({
      questions: 2,
      base: { value: expect.closeTo(Math.exp(2), 9) as number },
      ratio: { value: expect.closeTo(1, 12) as number },
    })
  })
})
