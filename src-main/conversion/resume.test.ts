import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSafetensors, readTensor } from '../formats/safetensors.ts'
import { seededRandom } from '../random.ts'
import { lastLine, spellm } from '../worker/testing/cli.ts'
import { writeShortModel } from '../worker/testing/short-model.ts'

const shape = ['--k', '8', '--adapter', '64', '--batch', '256', '--sampling-tail']
const small = ['--tokens', '20000', '--epochs', '4', ...shape]
const often = ['--checkpoint-every', '0.1', '--json']
const kills = 20

let scratch = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-resume-'))
  await writeFile(join(scratch, 'questions.txt'), ['Who is it?', 'Why?', 'Where?', 'How old?'].join('\n'))
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

/** A text of its own, in several rounds, and enough steps to be killed between them. */
const own = ['--tokens', '24000', '-k', '6', '--adapter', '16', '--epochs', '4']
const symbolKills = 6
/** In three windows of the cache, with questions so few that what takes longest, measuring, is soon done. */
const streamed = () => [...own, '--window', '8192', '--questions', join(scratch, 'questions.txt')]

describe('a conversion', () => {
  it(`killed ${kills} times ends with the weights of an uninterrupted one`, async () => {
    const [whole, killed] = [join(scratch, 'whole'), join(scratch, 'killed')]
    const started = performance.now()
    const reference = await spellm(['convert', 'sample', '--out', whole, ...small, ...often])
    const duration = performance.now() - started
    expect(reference.code, reference.stderr).toBe(0)

    const random = seededRandom(7)
    const resume = ['convert', 'sample', '--out', killed, ...often, '--resume']
    let count = 0
    let finished = false
    while (count < kills && !finished) {
      const begun = existsSync(join(killed, 'run.json'))
      // From the first moments to the end: a resumed run has less to do each time.
      const killAfter = 300 + random.uniform() * duration * 0.7
      const { code, stderr } = await spellm(
        begun ? resume : ['convert', 'sample', '--out', killed, ...small, ...often],
        { killAfter },
      )
      finished = code === 0
      if (code !== null && code !== 0) throw new Error(stderr)
      if (!finished) count++
      // A run that got to its end before its kill begins anew, to be killed again.
      if (finished && count < kills) {
        await expectSameTails(killed, whole)
        await rm(killed, { recursive: true })
        finished = false
      }
    }
    if (!finished) {
      const last = await spellm(
        existsSync(join(killed, 'run.json'))
          ? resume
          : ['convert', 'sample', '--out', killed, ...small, ...often],
      )
      expect(last.code, last.stderr).toBe(0)
      expect(lastLine(last)).toMatchObject({ k: 8, agreement: { positions: 32_768 } })
    }
    await expectSameTails(killed, whole)
    for (const type of ['step', 'samplingStep'])
      expect(await stepsOf(killed, type)).toEqual(await stepsOf(whole, type))
    expect(await filesBelow(killed)).toEqual(await filesBelow(whole))
  }, 600_000)

  it.each([
    { name: 'symbols', shape: () => own },
    { name: 'streamed', shape: streamed },
  ])(
    'with token symbols ($name), killed while it writes, computes targets, learns and measures, ends with the same weights',
    async ({ name, shape }) => {
      const base = join(scratch, 'short-model')
      await writeShortModel(base)
      const begin = (out: string) => ['convert', base, '--out', out, '--keep-cache', ...shape(), ...often]
      const [whole, killed] = [join(scratch, `whole-${name}`), join(scratch, `killed-${name}`)]
      const started = performance.now()
      const reference = await spellm(begin(whole))
      const duration = performance.now() - started
      expect(reference.code, reference.stderr).toBe(0)

      for (let kill = 0; kill < symbolKills; kill++) {
        const begun = existsSync(join(killed, 'run.json'))
        // Further on each time; the last ones fall into training and measuring.
        const killAfter = 400 + (duration * (kill + 1)) / (symbolKills + 1)
        const { code, stderr } = await spellm(begun ? [...begin(killed), '--resume'] : begin(killed), {
          killAfter,
        })
        if (code !== null && code !== 0) throw new Error(stderr)
        if (code === 0) break
      }
      const last = await spellm([...begin(killed), '--resume'])
      expect(last.code, last.stderr).toBe(0)
      expect(lastLine(last)).toMatchObject({ verdict: { mode: 'lossless', sameText: true } })
      await expectSameTail(killed, whole, 'tail.safetensors')
      expect(await stepsOf(killed, 'step')).toEqual(await stepsOf(whole, 'step'))
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

  it('stopped by Ctrl-C says how to go on, and goes on', async () => {
    const run = join(scratch, 'stopped')
    const stopped = await spellm(['convert', 'sample', '--out', run, ...small, '--epochs', '40'], {
      killAfter: 9_000,
      killSignal: 'SIGINT',
    })
    expect(stopped.code, stopped.stderr).toBe(130)
    expect(stopped.stderr).toContain(`spellm convert sample --out ${run} --resume`)
    expect((await filesBelow(run)).some((name) => name.endsWith('.tmp'))).toBe(false)
    const runs = lastLine(await spellm(['runs', scratch, '--json'])) as { folder: string; status: string }[]
    expect(runs.find(({ folder }) => folder === run)?.status).toBe('paused')
  })
})
