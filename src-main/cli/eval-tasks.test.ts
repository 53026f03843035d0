import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { writeRecitingModel, writeRecitingSpellm } from '../decode/testing/reciting-model.ts'
import { namedTasks } from '../evaluate/tasks/named-tasks.ts'
import { startHub, type HubServer } from '../hub/testing/hub-server.ts'
import { lastLine, spellm } from '../engine/testing/cli.ts'
import { parseTasks } from './eval-tasks.ts'

let scratch = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-eval-tasks-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

describe('--tasks', () => {
  const asked = (...words: string[]) => {
    const { named, files } = parseTasks(words)
    return [named.map(({ name }) => name), files]
  }

  it('takes names, with commas or apart, and files', async () => {
    expect(asked('arc_easy,piqa', 'boolq')).toEqual([['arc_easy', 'piqa', 'boolq'], []])
    expect(asked('arc_easy, my.jsonl')).toEqual([['arc_easy'], ['my.jsonl']])
    expect(asked('./one,two.jsonl')).toEqual([[], ['./one,two.jsonl']])
    const named = join(scratch, 'arc_easy,piqa')
    await writeFile(named, '')
    expect(asked(named)).toEqual([[], [named]])
  })

  it('takes another revision of a data set', () => {
    const [task] = parseTasks(['piqa@refs/pr/1']).named
    expect(task!.data).toMatchObject({ id: 'baber/piqa', revision: 'refs/pr/1' })
    expect(() => parseTasks(['piqa@../x'])).toThrow(expect.objectContaining({ code: 'setting-invalid' }))
  })

  it('lists the names where one is unknown', () => {
    expect(() => parseTasks(['arc_easy,arc_eazy'])).toThrow(
      expect.objectContaining({
        code: 'setting-invalid',
        message: expect.stringContaining("'arc_eazy'") as string,
        remedy: expect.stringContaining('arc_easy, arc_challenge') as string,
      }),
    )
  })
})

describe('spellm eval --tasks', () => {
  const share = z.number().min(0).max(1)
  const accuracy = z.looseObject({ acc: share, low: share, high: share })
  const difference = z.looseObject({ acc: z.number(), low: z.number(), high: z.number() })
  const schema = z.object({
    tasks: z.array(
      z.looseObject({ name: z.string(), base: accuracy, spellm: accuracy, difference, samePick: share }),
    ),
  })
  let hub: HubServer
  let common: string[]

  beforeAll(async () => {
    const base = join(scratch, 'base')
    const script = await writeRecitingModel(base, 'Once upon a time, two bears lived near the old mill.', {
      contextLength: 384,
    })
    const folder = join(scratch, 'spellm')
    await writeRecitingSpellm(folder, base, script, { misspelled: script[3]! })
    const text = join(scratch, 'text.txt')
    await writeFile(text, 'Once upon a time, two bears lived near the old mill. '.repeat(60))
    common = ['eval', folder, '--text', text, '--positions', '512', '--rollouts', '0', '--mode', 'trie']
  })
  beforeEach(async () => {
    hub = await startHub()
    for (const { name, data } of namedTasks) {
      const contents = await readFile(join(import.meta.dirname, `../evaluate/testing/tasks/${name}.parquet`))
      const files = new Map(hub.datasets.get(data.id))
      hub.datasets.set(data.id, files.set(data.path, { contents, isLarge: true }))
    }
    vi.stubEnv('HF_ENDPOINT', hub.endpoint)
    vi.stubEnv('HF_HOME', join(scratch, 'hub-home'))
    for (const name of [
      'HF_HUB_CACHE',
      'HUGGINGFACE_HUB_CACHE',
      'HF_TOKEN',
      'HF_TOKEN_PATH',
      'HF_HUB_OFFLINE',
    ])
      vi.stubEnv(name, '')
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await hub.close()
  })

  it('fetches the data sets, and puts both models side by side', async () => {
    const tasks = ['--tasks', 'arc_easy,winogrande', 'lambada_openai', '--limit', '20']
    const page = join(scratch, 'page.html')
    const finished = await spellm([...common, ...tasks, '--report', page, '--json'])
    expect(finished.code, finished.stderr).toBe(0)
    const found = schema.parse(lastLine(finished))
    expect(found.tasks.map(({ name }) => name)).toEqual(['arc_easy', 'winogrande', 'lambada_openai'])
    const pinned = namedTasks[0]!.data.revision
    expect(found.tasks[0]).toMatchObject({ revision: pinned, questions: 20, available: 44 })
    for (const { base, spellm, difference } of found.tasks)
      expect(difference.acc).toBeCloseTo(spellm.acc - base.acc, 12)
    expect(found.tasks[0]!.base).toHaveProperty('accNormLow')
    expect(found.tasks[2]!.base).toHaveProperty('perplexity')
    expect(finished.stderr).toMatch(/Fetching 100 %/)
    expect(await readFile(page, 'utf8')).toContain(`allenai/ai2_arc@${pinned}`)

    // Once more without a network, for people.
    await hub.close()
    vi.stubEnv('HF_HUB_OFFLINE', '1')
    const again = await spellm([...common, ...tasks])
    expect(again.code, again.stderr).toBe(0)
    expect(again.stdout).toMatch(/\narc_easy, 20 of 44 questions [^]*\n {2}spellm − base: acc, in points /)

    const documentation = await readFile(join(import.meta.dirname, '../../docs/evaluation.md'), 'utf8')
    for (const task of found.tasks)
      for (const name of Object.keys(task)) expect(documentation).toContain(`\`${name}\``)
    for (const { name, data } of namedTasks)
      for (const documented of [name, data.id]) expect(documentation).toContain(`\`${documented}\``)
  })

  it('names what the Hub does not have', async () => {
    hub.datasets.clear()
    vi.stubEnv('HF_HOME', join(scratch, 'another-home'))
    const finished = await spellm([...common, '--tasks', 'sciq', '--json'])
    expect(lastLine(finished)).toMatchObject({
      error: { code: 'access-denied', message: expect.stringContaining('data set allenai/sciq') as string },
    })
  })
})
