import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stories } from '../../resources/stories/stories.ts'
import { openSafetensors, readTensor } from '../formats/safetensors.ts'
import { checkpointSteps } from '../runs/checkpoints.ts'
import { lastLine, spellm } from '../engine/testing/cli.ts'
import { writeShortModel } from '../engine/testing/short-model.ts'

const often = ['--checkpoint-every', '0.1', '--json']

let scratch = ''
/** Of 64 tokens of context, and of 32. */
let model = ''
let shorter = ''
let text = ''
let questions = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-resume-'))
  model = join(scratch, 'model')
  shorter = join(scratch, 'shorter')
  await writeShortModel(model)
  await writeShortModel(shorter, { max_position_embeddings: 32 })
  text = join(scratch, 'stories.txt')
  const told: string[] = []
  for (const story of stories(4)) if (told.push(story) === 300) break
  await writeFile(text, told.join('\n<|endoftext|>\n'))
  questions = join(scratch, 'questions.txt')
  await writeFile(questions, ['Who is it?', 'Why?', 'Where?', 'How old?'].join('\n'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const tail = async (run: string, file: string) => {
  const { tensors } = await openSafetensors(join(run, 'spellm', file))
  return new Map(
    await Promise.all([...tensors].map(async ([name, entry]) => [name, await readTensor(entry)] as const)),
  )
}

/** All files but the checkpoints, whose steps depend on the clock. */
async function filesBelow(folder: string): Promise<string[]> {
  const all = await readdir(folder, { recursive: true })
  return all.filter((name) => !/^checkpoints.step-\d+\.safetensors$/.test(name)).sort()
}

async function expectSameTails(actual: string, expected: string): Promise<void> {
  await expectSameTail(actual, expected, 'tail.safetensors')
  await expectSameTail(actual, expected, 'sampling-tail.safetensors')
}

async function expectSameTail(actual: string, expected: string, file: string): Promise<void> {
  const reference = await tail(expected, file)
  const weights = await tail(actual, file)
  expect([...weights.keys()]).toEqual([...reference.keys()])
  for (const [name, values] of weights) {
    const other = reference.get(name)!
    expect(
      values.reduce((max, value, i) => Math.max(max, Math.abs(value - other[i]!)), 0),
      name,
    ).toBeLessThan(1e-6)
  }
}

async function stepsOf(run: string, wanted: string): Promise<number[]> {
  const lines = (await readFile(join(run, 'metrics.jsonl'), 'utf8')).trim().split('\n')
  const events = lines.map((line) => JSON.parse(line) as { type: string; step: number })
  return events.filter(({ type }) => type === wanted).map(({ step }) => step)
}

/** The numbers in the names of a folder's files that begin with a word, such as those of chunks. */
async function numbersIn(folder: string, word: string): Promise<number[]> {
  const names = await readdir(folder).catch(() => [])
  return names.flatMap((name) => {
    const number = new RegExp(`^${word}-(\\d+)\\.safetensors$`).exec(name)?.[1]
    return number === undefined ? [] : [Number(number)]
  })
}

const newestCheckpoint = async (run: string) => (await checkpointSteps(join(run, 'checkpoints')))[0] ?? 0

/** What a conversion goes through, and where in it a run is by what lies in its folder. */
interface Course {
  /** In their order; a finished run is in the last one. */
  readonly stages: readonly string[]
  readonly stageOf: (run: string) => Promise<string>
}

/** Of tails that spell every token: the last steps of the first and the second tail, and all chunks of the cache. */
function spellingCourse(lastStep: number, lastSamplingStep: number, chunks: number): Course {
  const middle = Math.floor(lastStep / 2)
  const samplingMiddle = Math.floor((lastStep + lastSamplingStep) / 2)
  return {
    stages: [
      'check',
      'text',
      'cache',
      'first half of training',
      'second half of training',
      'first half of sampling',
      'second half of sampling',
      'measuring',
      'end',
    ],
    stageOf: async (run) => {
      if (existsSync(join(run, 'result.json'))) return 'end'
      if (!existsSync(join(run, 'run.json'))) return 'check'
      if (!existsSync(join(run, 'tokens.safetensors'))) return 'text'
      const step = await newestCheckpoint(run)
      if (step >= lastSamplingStep) return 'measuring'
      if (step >= lastStep) return `${step < samplingMiddle ? 'first' : 'second'} half of sampling`
      const cached = await Promise.all(
        ['held-out', 'training'].map((name) => numbersIn(join(run, 'cache', name), 'chunk')),
      )
      if (cached.flat().length < chunks) return 'cache'
      return `${step < middle ? 'first' : 'second'} half of training`
    },
  }
}

/**
 * Of a tail with token symbols: its last step, the chunks of its own text and of the answers that it is measured by, and
 * how many windows the text comes in, each of as many chunks.
 */
function symbolCourse(lastStep: number, chunks: number, answerChunks: number, windows: number): Course {
  const stagesOf = (window: number) =>
    ['text', ...(window === 1 ? ['answers'] : []), 'targets', 'training'].map((name) => `${name} ${window}`)
  return {
    stages: [
      'check',
      ...Array.from({ length: windows }, (_, i) => stagesOf(i + 1)).flat(),
      'measuring',
      'verdict',
      'end',
    ],
    stageOf: async (run) => {
      if (existsSync(join(run, 'result.json'))) return 'end'
      if (!existsSync(join(run, 'run.json'))) return 'check'
      if (existsSync(join(run, 'spellm/spellm.json'))) return 'verdict'
      const step = await newestCheckpoint(run)
      if (step === lastStep) return 'measuring'
      const window = 1 + Math.floor((step * windows) / lastStep)
      const present = async (word: string) => {
        const numbers = await numbersIn(join(run, 'cache/training'), word)
        return numbers.filter((number) => Math.floor((number * windows) / chunks) === window - 1).length
      }
      if ((await present('chunk')) < chunks / windows) return `text ${window}`
      const answers = await numbersIn(join(run, 'cache/held-out'), 'chunk')
      if (answers.length < answerChunks) return `answers ${window}`
      return `${(await present('targets')) < chunks / windows ? 'targets' : 'training'} ${window}`
    },
  }
}

/** A stage may be over before its kill comes; then the run starts again. */
const mostAttempts = 10

/**
 * Kills a conversion in stages of its course, soon after each has begun; in between it continues where it was.
 *
 * @param begin the call without --resume
 * @returns the stages that the kills fell into, by what they left
 */
async function killInEach(
  run: string,
  begin: readonly string[],
  wanted: readonly string[],
  { stages, stageOf }: Course,
): Promise<string[]> {
  const hit: string[] = []
  for (const stage of wanted)
    for (let attempt = 1; hit.at(-1) !== stage; attempt++) {
      if (attempt > mostAttempts) throw new Error(`no kill fell into '${stage}'`)
      if (stages.indexOf(await stageOf(run)) > stages.indexOf(stage)) await rm(run, { recursive: true })
      const resume = existsSync(join(run, 'run.json')) ? ['--resume'] : []
      const { code, stderr } = await spellm([...begin, ...resume], {
        killWhen: async (printed) => printed.includes('Checking') && (await stageOf(run)) === stage,
      })
      if (code !== null && code !== 0) throw new Error(stderr)
      if (code === null && (await stageOf(run)) === stage) hit.push(stage)
    }
  return hit
}

describe('a conversion whose tails spell every token', () => {
  const shape = ['--symbols', '0', '--k', '8', '--adapter', '64', '--batch', '256', '--sampling-tail']
  const small = () => ['--text', text, '--tokens', '9000', '--epochs', '4', ...shape]
  /** 20,480 positions to measure by, and 8,192 to learn from. */
  const chunks = 5 + 2
  let whole = ''
  let course: Course
  beforeAll(async () => {
    whole = join(scratch, 'whole')
    const reference = await spellm(['convert', model, '--out', whole, ...small(), ...often])
    expect(reference.code, reference.stderr).toBe(0)
    const [step, samplingStep] = await Promise.all(
      ['step', 'samplingStep'].map(async (type) => (await stepsOf(whole, type)).at(-1)!),
    )
    course = spellingCourse(step!, samplingStep!, chunks)
  }, 300_000)

  it('killed in each of its stages ends with the weights of an uninterrupted one', async () => {
    const killed = join(scratch, 'killed')
    const begin = ['convert', model, '--out', killed, ...small(), ...often]
    const wanted = course.stages.slice(0, -1)
    expect(await killInEach(killed, begin, wanted, course)).toEqual(wanted)

    const last = await spellm([...begin, '--resume'])
    expect(last.code, last.stderr).toBe(0)
    expect(lastLine(last)).toMatchObject({ k: 8, agreement: { positions: 20_480 } })
    await expectSameTails(killed, whole)
    for (const type of ['step', 'samplingStep'])
      expect(await stepsOf(killed, type)).toEqual(await stepsOf(whole, type))
    expect(await filesBelow(killed)).toEqual(await filesBelow(whole))
  }, 600_000)

  it('stopped by Ctrl-C says how to resume, and resumes', async () => {
    const run = join(scratch, 'stopped')
    const begin = ['convert', model, '--out', run, ...small()]
    const stopped = await spellm([...begin, ...often], {
      killWhen: async () => (await course.stageOf(run)) === 'first half of training',
      killSignal: 'SIGINT',
    })
    expect(stopped.code, stopped.stderr).toBe(130)
    expect(stopped.stderr).toContain(`spellm convert ${model} --out ${run} --resume`)
    expect((await filesBelow(run)).some((name) => name.endsWith('.tmp'))).toBe(false)
    const runs = lastLine(await spellm(['runs', scratch, '--json'])) as { folder: string; status: string }[]
    expect(runs.find(({ folder }) => folder === run)?.status).toBe('paused')

    const resumed = await spellm(['convert', model, '--out', run, '--resume'])
    expect(resumed.code, resumed.stderr).toBe(0)
    await expectSameTails(run, whole)
  }, 300_000)
})

/** A text of its own, in several rounds, and enough steps to be killed between them. */
const own = ['-k', '6', '--adapter', '16', '--epochs', '4', '--keep-cache']
const together = () => [model, '--tokens', '16400', ...own]
/** In three windows of the cache, with questions so few that what takes longest, measuring, is soon done. */
const streamed = () => [
  ...[shorter, '--tokens', '12300', ...own],
  ...['--window', '4200', '--questions', questions],
]

describe('a conversion with token symbols', () => {
  it.each([
    {
      name: 'all of its text at once',
      settings: together,
      windows: 1,
      wanted: ['text 1', 'answers 1', 'targets 1', 'training 1', 'measuring', 'verdict'],
    },
    {
      name: 'its text in windows',
      settings: streamed,
      windows: 3,
      wanted: ['training 1', 'text 2', 'targets 2', 'training 2', 'text 3', 'training 3', 'verdict'],
    },
  ])(
    'and $name, killed while it writes, computes targets, learns and measures, ends with the same weights',
    async ({ name, settings, windows, wanted }) => {
      const [whole, killed] = [join(scratch, `whole, ${name}`), join(scratch, `killed, ${name}`)]
      const begin = (out: string) => ['convert', ...settings(), '--out', out, ...often]
      const reference = await spellm(begin(whole))
      expect(reference.code, reference.stderr).toBe(0)
      const kept = await numbersIn(join(whole, 'cache/training'), 'chunk')
      const chunks = Math.max(...kept) + 1
      // The last window is what is kept.
      expect(kept).toHaveLength(chunks / windows)
      const steps = await stepsOf(whole, 'step')
      const answers = await numbersIn(join(whole, 'cache/held-out'), 'chunk')
      const course = symbolCourse(steps.at(-1)!, chunks, answers.length, windows)

      expect(await killInEach(killed, begin(killed), wanted, course)).toEqual(wanted)
      const last = await spellm([...begin(killed), '--resume'])
      expect(last.code, last.stderr).toBe(0)
      expect(lastLine(last)).toMatchObject({ verdict: { mode: 'lossless', sameText: true } })
      await expectSameTail(killed, whole, 'tail.safetensors')
      expect(await stepsOf(killed, 'step')).toEqual(steps)
      const states = (await filesBelow(whole)).filter((file) =>
        file.startsWith(join('cache', 'training', 'chunk')),
      )
      expect((await filesBelow(killed)).filter((file) => file.includes('chunk'))).toEqual(
        expect.arrayContaining(states),
      )
      for (const file of ['spellm/spellm.json', 'spellm/doubts.safetensors', states.at(-1)!])
        expect(await readFile(join(killed, file))).toEqual(await readFile(join(whole, file)))
    },
    600_000,
  )
})
