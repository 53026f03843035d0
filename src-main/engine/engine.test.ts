import { chmod, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { sampleModelName } from '../models/model-folder.ts'
import { asOrdinaryUser } from '../runs/testing/faults.ts'
import { startEngine } from './engine.ts'
import { connectTo, engineErrorOf, type Client } from './testing/client.ts'
import { openEngine, type OpenEngine } from './testing/open-engine.ts'
import { writeShortModel } from './testing/short-model.ts'

let scratch = ''
let opened: OpenEngine
let client: Client
const crash = { at: '2026-01-02T03:04:05.000Z', reason: 'the graphics driver' }

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-engine-'))
  opened = await openEngine({ dataFolder: join(scratch, 'data'), crash })
  client = opened.client
})
afterAll(async () => {
  await opened.close()
  await rm(scratch, { recursive: true, force: true })
})

describe('an engine', () => {
  it('says what it is and where it keeps things', async () => {
    const info = await client.app.info()
    expect(info).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      dataFolder: join(scratch, 'data'),
      runsFolder: join(scratch, 'data/runs'),
      engine: { node: process.versions.node, platform: process.platform },
    })
    expect(info.engine.cores).toBeGreaterThan(0)
  })

  it('tells of the crash before it until that was read', async () => {
    expect((await client.app.info()).crash).toEqual(crash)
    await client.app.dismissCrash()
    expect((await client.app.info()).crash).toBeNull()
  })

  it('refuses a data folder that another engine has open', async () => {
    await expect(startEngine({ dataFolder: join(scratch, 'data'), crash: null })).rejects.toMatchObject({
      code: 'run-busy',
      message: expect.stringContaining(join(scratch, 'data')) as string,
    })
  })

  it('answers several clients at once', async () => {
    const other = connectTo(opened.engine)
    const [a, b] = await Promise.all([client.models.list(), other.client.models.list()])
    expect(a).toMatchObject(b.map(({ usable }) => ({ usable })))
    other.close()
  })
})

it('tells what can compute here, tried in other processes', async () => {
  const dataFolder = join(scratch, 'devices')
  let probes = 0
  const survey = { stdout: '', crash: 'killed by SIGSEGV' }
  const { client, close } = await openEngine({
    dataFolder,
    runProbe: () => {
      probes++
      return Promise.resolve(survey)
    },
  })
  const { automatic, reports } = await client.app.devices({ fresh: false })
  expect(automatic.device).toBe('cpu')
  expect(reports[0]).toMatchObject({ device: 'cpu', works: false })
  expect(reports[0]!.problem!.reason).toContain('killed by SIGSEGV')
  const tried = probes
  await client.app.devices({ fresh: false })
  expect(probes).toBe(tried)
  await client.app.devices({ fresh: true })
  expect(probes).toBe(2 * tried)
  await close()
})

describe('settings', () => {
  it('change one by one, and outlive the engine', async () => {
    const dataFolder = join(scratch, 'settings')
    const { client, close } = await openEngine({ dataFolder })
    await client.app.changeSettings({ runsFolder: join(scratch, 'elsewhere') })
    await client.models.add({ reference: join(import.meta.dirname, '../../resources/sample-model') })
    await client.app.changeSettings({ theme: 'dark' })
    const expected = {
      theme: 'dark',
      device: 'auto',
      runsFolder: join(scratch, 'elsewhere'),
      models: [join(import.meta.dirname, '../../resources/sample-model')],
    }
    expect(await client.app.settings()).toEqual(expected)
    expect((await client.app.info()).runsFolder).toBe(expected.runsFolder)
    await close()

    const second = await openEngine({ dataFolder })
    expect(await second.client.app.settings()).toEqual(expected)
    await second.close()
  })

  it('of earlier versions are read as they are', async () => {
    const dataFolder = join(scratch, 'earlier')
    await mkdir(dataFolder)
    await writeFile(join(dataFolder, 'settings.json'), '{"theme": "dark", "device": "webgpu"}')
    const { client, close } = await openEngine({ dataFolder })
    expect(await client.app.settings()).toMatchObject({ theme: 'dark', device: 'webgpu', models: [] })
    await close()
  })

  it('that are damaged are moved aside', async () => {
    const dataFolder = join(scratch, 'damaged')
    await mkdir(dataFolder)
    await writeFile(join(dataFolder, 'settings.json'), '{"theme": "dar')
    const error = vi.spyOn(console, 'error').mockReturnValue()
    const { client, close } = await openEngine({ dataFolder })
    expect(error).toHaveBeenCalledWith(expect.stringContaining('settings.json.damaged'))
    error.mockRestore()
    expect((await client.app.settings()).theme).toBe('system')
    await close()
  })

  it.each([
    ['a runs folder that is no whole path', { runsFolder: 'runs' }, /'runs'/],
    ['a theme that there is not', { theme: 'pink' as 'dark' }, /'theme'/],
  ])('refuse %s', async (_, change, message) => {
    expect(await engineErrorOf(client.app.changeSettings(change))).toMatchObject({
      code: 'setting-invalid',
      message: expect.stringMatching(message) as string,
      remedy: expect.stringMatching(/./) as string,
    })
  })
})

describe('the model library', () => {
  it('lists the sample model first, and says of a model why it is not there now', async () => {
    const folder = join(scratch, 'unmounted')
    await symlink(join(import.meta.dirname, '../../resources/sample-model'), folder)
    const card = await client.models.add({ reference: folder })
    expect(card).toMatchObject({
      name: 'unmounted',
      vocabularySize: 4096,
      parameters: 5_475_584,
      headParameters: 4096 * 256,
      // The embedding is tied, so the head's share is of all weights.
      lmHeadShare: (4096 * 256) / 5_475_584,
      canKeepBlocks: false,
    })
    expect(card.memory.needed).toBeGreaterThan(4 * card.parameters)
    await rm(folder)
    expect(await client.models.list()).toMatchObject([
      { usable: true, card: { reference: 'sample', name: 'Sample model' } },
      { usable: false, reference: folder, problem: expect.stringContaining(folder) as string },
    ])
    await client.models.remove({ reference: folder })
    expect(await client.models.list()).toHaveLength(1)
  })

  it.each([
    ['llama-q4_1', true],
    ['llama-f32', false],
  ])('says of %s whether its blocks can be kept: %j', async (name, canKeepBlocks) => {
    const reference = join(import.meta.dirname, `../models/testing/gguf/${name}.gguf`)
    expect(await client.models.inspect({ reference })).toMatchObject({ canKeepBlocks })
  })

  it.each([
    ['a folder without a model', () => scratch, 'file-not-found'],
    ['a path that is not whole', () => 'resources/sample-model', 'setting-invalid'],
  ])('refuses %s', async (_, reference, code) => {
    expect(await engineErrorOf(client.models.add({ reference: reference() }))).toMatchObject({ code })
    expect(await client.models.list()).toHaveLength(1)
  })
})

describe('browsing', () => {
  let folder = ''
  beforeAll(async () => {
    folder = join(scratch, 'browsed')
    await mkdir(join(folder, 'b'), { recursive: true })
    await mkdir(join(folder, 'a'))
    await mkdir(join(folder, '.git'))
    await writeShortModel(join(folder, 'c'))
    await writeFile(join(folder, 'B.txt'), 'twelve bytes')
    await writeFile(join(folder, '.secret'), '')
    await symlink(join(folder, 'a'), join(folder, 'link to a'))
    await symlink(join(folder, 'gone'), join(folder, 'broken link'))
    await symlink(folder, join(folder, 'b', 'round'))
  })

  it('shows folders first, what links lead to, which are models, and nothing hidden', async () => {
    const listing = await client.files.browse({ folder })
    expect(listing).toMatchObject({ folder, parent: scratch, isCut: false })
    expect(listing.entries).toEqual([
      { name: 'a', path: join(folder, 'a'), kind: 'folder', isModel: false, bytes: 0 },
      { name: 'b', path: join(folder, 'b'), kind: 'folder', isModel: false, bytes: 0 },
      { name: 'c', path: join(folder, 'c'), kind: 'folder', isModel: true, bytes: 0 },
      { name: 'link to a', path: join(folder, 'link to a'), kind: 'folder', isModel: false, bytes: 0 },
      { name: 'B.txt', path: join(folder, 'B.txt'), kind: 'file', isModel: false, bytes: 12 },
    ])
  })

  it('begins at home, and ends at the root', async () => {
    expect((await client.files.browse({ folder: null })).folder).toBe(homedir())
    expect((await client.files.browse({ folder: '/' })).parent).toBeNull()
  })

  it('lists a bounded number of entries', async () => {
    const large = join(scratch, 'large')
    await mkdir(large)
    for (let i = 0; i < 1_005; i++) await writeFile(join(large, `${i}.txt`), '')
    const { entries, isCut } = await client.files.browse({ folder: large })
    expect(entries).toHaveLength(1_000)
    expect(entries.slice(0, 3).map(({ name }) => name)).toEqual(['0.txt', '1.txt', '2.txt'])
    expect(isCut).toBe(true)
  })

  it.each([
    ['a folder that is not there', () => join(folder, 'gone'), 'file-not-found'],
    ['a file', () => join(folder, 'B.txt'), 'file-not-found'],
    ['a path that is not whole', () => 'src-main', 'setting-invalid'],
  ])('refuses %s', async (_, path, code) => {
    expect((await engineErrorOf(client.files.browse({ folder: path() }))).code).toBe(code)
  })

  it('refuses a folder that may not be read', async () => {
    const locked = join(scratch, 'locked')
    await mkdir(locked)
    await chmod(locked, 0o000)
    await asOrdinaryUser(async () => {
      expect((await engineErrorOf(client.files.browse({ folder: locked }))).code).toBe('permission-denied')
    })
  })
})

describe('storage', () => {
  it('counts what runs take, and cleans what finished runs can do without', async () => {
    const runs = join(scratch, 'data/runs')
    const sha256 = '0'.repeat(64)
    const description = {
      format: 1,
      id: '7d0ce0a0-7a5f-4d5e-9d65-31d0a3d5a1f1',
      created: '2026-01-02T03:04:05.000Z',
      settings: {},
      base: { path: sampleModelName, sha256 },
      environment: {},
    }
    for (const [name, isFinished] of [
      ['finished', true],
      ['paused', false],
    ] as const) {
      for (const folder of ['cache/training', 'checkpoints', 'spellm'])
        await mkdir(join(runs, name, folder), { recursive: true })
      await writeFile(join(runs, name, 'run.json'), JSON.stringify(description))
      if (isFinished) await writeFile(join(runs, name, 'result.json'), '{}')
      for (const [file, size] of [
        ['cache/training/chunk', 5_000],
        ['checkpoints/step', 300],
        ['spellm/tail', 20],
      ] as const) {
        await writeFile(join(runs, name, file), '')
        await truncate(join(runs, name, file), size)
      }
    }
    const placesOf = async () => {
      const { places, freeBytes } = await client.app.storage()
      expect(freeBytes).toBeGreaterThan(0)
      return Object.fromEntries(
        places.map(({ kind, bytes, removableBytes }) => [kind, [bytes, removableBytes]]),
      )
    }
    expect(await placesOf()).toMatchObject({ teacherCaches: [10_000, 5_000], checkpoints: [600, 300] })
    expect(await client.app.cleanStorage({ kind: 'teacherCaches' })).toEqual({ freedBytes: 5_000 })
    expect(await client.app.cleanStorage({ kind: 'checkpoints' })).toEqual({ freedBytes: 300 })
    expect(await placesOf()).toMatchObject({ teacherCaches: [5_000, 0], checkpoints: [300, 0] })
  })

  it('counts and cleans quantised weights', async () => {
    vi.stubEnv('SPELLM_DATA', join(scratch, 'data'))
    onTestFinished(() => void vi.unstubAllEnvs())
    const folder = join(scratch, 'data/quantized')
    const place = async () =>
      (await client.app.storage()).places.find(({ kind }) => kind === 'quantizedWeights')
    expect(await place()).toEqual({ kind: 'quantizedWeights', folder, bytes: 0, removableBytes: 0 })
    await mkdir(folder)
    await writeFile(join(folder, 'a-int4.safetensors'), '1234567')
    expect(await place()).toMatchObject({ bytes: 7, removableBytes: 7 })
    expect(await client.app.cleanStorage({ kind: 'quantizedWeights' })).toEqual({ freedBytes: 7 })
    expect(await place()).toMatchObject({ bytes: 0, removableBytes: 0 })
  })
})

describe('saved prompts', () => {
  const prompt = {
    title: 'Hedgehog',
    prompt: 'Once upon a time, a shy hedgehog',
    source: { kind: 'model', reference: 'sample' } as const,
    sampling: { temperature: 0.8, seed: 3 },
    maxTokens: 40,
    results: [{ mode: 'base' as const, text: ' slept.', tokensPerSecond: 100 }],
  }

  it('are kept, newest first, until they are removed', async () => {
    const first = await client.prompts.save(prompt)
    const second = await client.prompts.save({ ...prompt, title: 'Again' })
    expect(first).toMatchObject(prompt)
    expect(await client.prompts.list()).toEqual([second, first])
    await client.prompts.remove({ id: second.id })
    expect(await client.prompts.list()).toEqual([first])
  })
})

describe('what a client sends', () => {
  const traversal = ['../../etc', '..', '.', '.hidden', 'a/b', 'a\\b', '/etc', '', 'x'.repeat(101), 'a\0b']
  it.each(traversal)('as a run id is a name and no path: %j', async (id) => {
    for (const call of [
      () => client.runs.get({ id }),
      () => client.runs.remove({ id }),
      () => client.runs.history({ id }),
      () => client.runs.start({ name: id, request: { base: 'sample', texts: [] } }),
      () => client.console.inspectToken({ source: { kind: 'run', id }, context: [1] }),
    ])
      expect((await engineErrorOf(call())).code).toBe('setting-invalid')
  })

  it.each([
    ['a token budget that is no number', { tokens: Number.NaN }, "'request.tokens'"],
    ['a budget without bounds', { tokens: 1e12 }, "'request.tokens'"],
    ['an alphabet of a megabyte', { alphabet: 'x'.repeat(1_000_000) }, "'request.alphabet'"],
    ['k of nothing', { k: 0 }, "'request.k'"],
    ['a device that there is not', { device: 'toaster' as 'cpu' }, "'request.device'"],
    ['a text that is no whole path', { texts: ['stories.txt'] }, "'stories.txt'"],
  ])('as settings is checked: %s', async (_, wrong, named) => {
    const request = { base: 'sample', texts: [], ...wrong }
    expect(await engineErrorOf(client.runs.start({ name: 'wrong', request }))).toMatchObject({
      code: 'setting-invalid',
      message: expect.stringContaining(named) as string,
    })
    expect((await engineErrorOf(client.runs.estimate(request))).code).toBe('setting-invalid')
    expect((await client.runs.list()).map(({ id }) => id)).not.toContain('wrong')
  })

  it('in a stream ends with an error of the contract, too', async () => {
    const call = async () => {
      for await (const _ of await client.runs.events({ id: 'nobody', afterStep: 0 })) return
    }
    expect(await engineErrorOf(call())).toMatchObject({
      code: 'file-not-found',
      message: expect.stringContaining("'nobody'") as string,
    })
  })

  it('can be garbage', async () => {
    const garbage: unknown[] = [
      'no JSON',
      '{"i":"1"}',
      '{"i":"1","p":{}}',
      '{"i":"1","p":{"u":"http://elsewhere/app/info"}}',
      '{"i":"1","p":{"u":"/app/info","h":{"content-disposition":"attachment; filename=x"}}}',
      '{"i":"1","t":3,"p":{"e":"message"}}',
      '{"i":"1","t":99}',
      '[]',
      'null',
      `{"i":"1","p":{"u":"/app/info","b":"${'x'.repeat(17 << 20)}"}}`,
      Buffer.from([0xff, 0, 1]),
      { i: '1', p: { u: '/app/info' } },
      null,
      42,
    ]
    const error = vi.spyOn(console, 'error').mockReturnValue()
    for (const message of garbage) opened.send(message)
    expect((await client.app.info()).version).toMatch(/\d/)
    expect(error).toHaveBeenCalledOnce()
    error.mockRestore()
  })

  it('for a procedure that there is not is answered', async () => {
    const calls = client as unknown as Record<string, Record<string, () => Promise<unknown>>>
    await expect(calls['app']!['selfDestruct']!()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
