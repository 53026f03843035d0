import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CancelledError, SpellmError } from '../base/errors.ts'
import { lockName } from '../base/file-lock.ts'
import { openBaseModel, openModelTokenizer } from '../models/base-model.ts'
import { cachedModelFolder } from './cache.ts'
import { downloadModel } from './download-model.ts'
import { parseModelReference } from './reference.ts'
import type { HubSettings } from './settings.ts'
import type { DownloadEvent, DownloadOptions } from './snapshot.ts'
import { etagOf, firstCommit, modelId, startHub, type HubServer, type Trouble } from './testing/hub-server.ts'
import { sampleFiles, shardedSampleFiles } from './testing/sample-files.ts'

/** What the file system says and permits; null: what really is. */
const fileSystem = vi.hoisted(() => ({ freeBytes: null as number | null, refuses: new Set<string>() }))
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs/promises')>()
  const permitted = <A extends unknown[]>(name: string, call: (...parameters: A) => Promise<void>) =>
    async function (...parameters: A) {
      if (fileSystem.refuses.has(name)) throw Object.assign(new Error('not permitted'), { code: 'EPERM' })
      await call(...parameters)
    }
  return {
    ...original,
    symlink: permitted('symlink', original.symlink),
    link: permitted('link', original.link),
    statfs: async (path: string) =>
      fileSystem.freeBytes === null ? original.statfs(path) : { bsize: 1, bavail: fileSystem.freeBytes },
  }
})

const reference = parseModelReference(modelId)
const token = 'hf_secretsecretsecret'
const weights = 'model.safetensors'
const secondCommit = 'b2'.repeat(20)
const betterReadme = { contents: Buffer.from('# A better model'), isLarge: false }

let scratch = ''
let hub: HubServer
let settings: HubSettings
let events: DownloadEvent[] = []

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-hub-'))
  hub = await startHub(await sampleFiles())
  settings = { endpoint: hub.endpoint, cacheFolder: join(scratch, 'hub'), token: null, offline: false }
  events = []
})
afterEach(async () => {
  fileSystem.freeBytes = null
  fileSystem.refuses.clear()
  await hub.close()
  await rm(scratch, { recursive: true, force: true })
})

const download = (options: Partial<DownloadOptions> = {}, revision = 'main') =>
  downloadModel(
    { ...reference, revision },
    { settings, onEvent: (event) => events.push(event), stallTimeout: 2_000, retryDelay: 1, ...options },
  )
const modelFolder = () => join(settings.cacheFolder, 'models--tester--model')
const blob = (name: string) => join(modelFolder(), 'blobs', etagOf(hub.files.get(name)!))
const partial = (name: string) => `${blob(name)}.incomplete`
const contents = (name: string) => hub.files.get(name)!.contents
const notices = () => events.filter((event) => event.type === 'notice').map(({ message }) => message)
/** The requests for a file's bytes. */
const fetches = (name: string) =>
  hub.requests.filter(({ origin, path }) =>
    hub.files.get(name)!.isLarge ? origin === 'cdn' && path === '/blob' : path.endsWith(`/${name}`),
  )
const weightFetches = () => fetches(weights).length
const exists = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  )
const expectNothingReady = async () => {
  expect(await exists(join(modelFolder(), 'snapshots'))).toBe(false)
  expect(await exists(join(modelFolder(), 'refs'))).toBe(false)
  expect(await cachedModelFolder(reference, settings.cacheFolder)).toBeNull()
}
/** Only the weights are large enough to lie on the other host, so that its requests are theirs. */
const keepOnlyWeightsLarge = () => {
  const { contents } = hub.files.get('tokenizer.json')!
  hub.files.set('tokenizer.json', { contents, isLarge: false })
}

describe('a model', () => {
  it('is fetched with the files that are needed, and opens from its snapshot', async () => {
    const model = await download()
    expect(model).toEqual({
      id: modelId,
      revision: 'main',
      commit: firstCommit,
      folder: join(modelFolder(), 'snapshots', firstCommit),
      files: 6,
      bytes: ['LICENSE.txt', 'README.md', 'config.json', weights, 'tokenizer.json', 'tokenizer_config.json']
        .map((name) => contents(name).length)
        .reduce((a, b) => a + b),
    })
    expect((await readdir(model.folder)).sort()).toEqual([
      ...['LICENSE.txt', 'README.md', 'config.json', weights, 'tokenizer.json', 'tokenizer_config.json'],
    ])
    expect((await openBaseModel(model.folder)).checkpoint.tensors.size).toBeGreaterThan(0)
    expect(await readFile(join(modelFolder(), 'refs/main'), 'utf8')).toBe(firstCommit)
    expect(await readlink(join(model.folder, weights))).toBe(
      join('../../blobs', etagOf(hub.files.get(weights)!)),
    )
    expect(await cachedModelFolder(reference, settings.cacheFolder)).toBe(model.folder)
    // Neither partial files nor locks stay.
    expect((await readdir(join(modelFolder(), 'blobs'))).sort()).toEqual(
      (await readdir(model.folder)).map((name) => etagOf(hub.files.get(name)!)).sort(),
    )
    expect(await readdir(join(settings.cacheFolder, '.locks/models--tester--model'))).toEqual([])
  })

  it('in shards is fetched by its index, without the single file beside them', async () => {
    for (const [name, file] of Object.entries(await shardedSampleFiles(scratch))) hub.files.set(name, file)
    const { folder, files } = await download()
    expect(files).toBe(8)
    expect(await exists(join(folder, weights))).toBe(false)
    expect((await openBaseModel(folder)).checkpoint.files).toHaveLength(2)
  })

  it('reports its commit first, and every byte once', async () => {
    hub.pace = { bytes: 1 << 20, milliseconds: 5 }
    const { bytes, files } = await download()
    expect(events[0]).toEqual({ type: 'commit', commit: firstCommit })
    const progress = events.filter((event) => event.type === 'progress')
    expect(progress.every(({ phase }) => phase === 'fetch')).toBe(true)
    const done = progress.map(({ bytesDone }) => bytesDone)
    expect(done).toEqual([...done].sort((a, b) => a - b))
    expect(progress.at(-1)).toMatchObject({
      bytesDone: bytes,
      bytesTotal: bytes,
      filesDone: files,
      filesTotal: files,
    })
  })

  it('that is there is verified, and not fetched again', async () => {
    await download()
    const before = hub.requests.length
    events = []
    await download()
    // The commit, and three pages of the listing.
    const asked = hub.requests.slice(before).map(({ path }) => path.split('/')[1])
    expect(asked).toEqual(['api', 'api', 'api', 'api'])
    expect(events.filter((event) => event.type === 'progress').every(({ phase }) => phase === 'check')).toBe(
      true,
    )
  })

  it('whose file in the cache was damaged gets that file again', async () => {
    await download()
    const bytes = Buffer.from(contents(weights))
    bytes[1000]! ^= 1
    await writeFile(blob(weights), bytes)
    const { folder } = await download()
    expect(weightFetches()).toBe(3)
    expect((await readFile(join(folder, weights))).equals(contents(weights))).toBe(true)
  })

  it('of a new commit shares what has not changed, and the old snapshot stays', async () => {
    const old = await download()
    const before = weightFetches()
    hub.push(secondCommit, { 'README.md': betterReadme })
    const { folder } = await download()
    expect(weightFetches()).toBe(before)
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toBe('# A better model')
    expect(await readFile(join(old.folder, 'README.md'), 'utf8')).toBe('# A model')
    expect(await cachedModelFolder(reference, settings.cacheFolder)).toBe(folder)
    expect(await cachedModelFolder({ id: modelId, revision: firstCommit }, settings.cacheFolder)).toBe(
      old.folder,
    )
  })

  it('is taken at the commit that its branch stood for at the start', async () => {
    const { commit, folder } = await download({
      onEvent: ({ type }) => {
        if (type === 'commit') hub.push(secondCommit, { 'README.md': betterReadme })
      },
    })
    expect(commit).toBe(firstCommit)
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toBe('# A model')
  })

  it('of a pull request is known by that name', async () => {
    const { folder } = await download({}, 'refs/pr/1')
    expect(await readFile(join(modelFolder(), 'refs/refs/pr/1'), 'utf8')).toBe(firstCommit)
    const cached = await cachedModelFolder({ id: modelId, revision: 'refs/pr/1' }, settings.cacheFolder)
    expect(cached).toBe(folder)
  })

  it.each([
    ['links', ['symlink']],
    ['links of any kind', ['symlink', 'link']],
  ])('arrives where the disk permits no %s, and is not fetched twice', async (_, refused) => {
    for (const call of refused) fileSystem.refuses.add(call)
    const { folder } = await download()
    expect((await lstat(join(folder, weights))).isFile()).toBe(true)
    await openBaseModel(folder)
    const before = weightFetches()
    await download()
    expect(weightFetches()).toBe(before)
  })

  it('with two files of the same contents fetches them once', async () => {
    hub.files.set('LICENSE', { contents: contents('README.md'), isLarge: false })
    fileSystem.refuses.add('symlink').add('link')
    const { folder } = await download()
    expect(fetches('LICENSE').length + fetches('README.md').length).toBe(1)
    expect(await readFile(join(folder, 'LICENSE'), 'utf8')).toBe('# A model')
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toBe('# A model')
  })
})

describe('a transfer resumes', () => {
  beforeEach(keepOnlyWeightsLarge)
  const ranges = () => fetches(weights).map(({ range }) => range)

  it('from the byte where the connection was cut', async () => {
    hub.trouble(weights, { cutAfter: 300_000 })
    const { folder } = await download()
    const [first, second] = ranges()
    expect(first).toBeUndefined()
    expect(second).toBe('bytes=300000-')
    expect((await readFile(join(folder, weights))).equals(contents(weights))).toBe(true)
    expect(notices()).toEqual([expect.stringContaining(weights)])
  })

  it('from the byte where it stalled', async () => {
    hub.trouble(weights, { stallAfter: 200_000 })
    await download({ stallTimeout: 300 })
    expect(ranges()[1]).toBe('bytes=200000-')
    expect(notices()).toEqual([expect.stringContaining('no data received for 0.3 s')])
  })

  it('from the start where the server ignores what was asked', async () => {
    hub.trouble(weights, { cutAfter: 300_000 }, { ignoresRange: true })
    const { folder } = await download()
    expect((await readFile(join(folder, weights))).equals(contents(weights))).toBe(true)
  })

  it('as long as it brings something, however often it is cut', async () => {
    const size = contents(weights).length
    const piece = 1 << 20
    hub.trouble(weights, ...Array.from({ length: Math.floor(size / piece) }, () => ({ cutAfter: piece })))
    await download()
    expect(weightFetches()).toBe(Math.floor(size / piece) + 1)
  })

  it.each<[string, Trouble]>([
    ['503', { status: 503 }],
    ['500', { status: 500 }],
    ['429 and a time to wait', { status: 429, headers: { 'retry-after': '0' } }],
    ['429 and the rest of a rate limit', { status: 429, headers: { ratelimit: '"resolvers";r=0;t=0' } }],
    ['a length that is not the listed one', { announce: 1_000_000_000 }],
  ])('after an answer of %s', async (_, trouble) => {
    hub.trouble(weights, trouble)
    await download()
    expect(weightFetches()).toBeGreaterThanOrEqual(2)
    expect(notices()).toHaveLength(1)
  })

  it('after redirects without end', async () => {
    const again = { redirect: `/blob?commit=${firstCommit}&name=${weights}` }
    hub.trouble(weights, ...Array.from({ length: 11 }, () => again))
    await download()
    expect(notices()).toEqual([expect.stringContaining('redirects without end')])
  })

  it('with no byte more than was listed', async () => {
    hub.trouble(weights, { surplus: 5_000_000 })
    const { folder } = await download()
    expect((await readFile(join(folder, weights))).equals(contents(weights))).toBe(true)
  })

  it('of the listing too', async () => {
    hub.trouble('api', { status: 502 }, { cutAfter: 1 }, { stallAfter: 1 })
    await download({ stallTimeout: 200 })
    expect(notices()).toHaveLength(3)
  })

  it('where an earlier download stopped, of which nothing counts as ready', async () => {
    hub.pace = { bytes: 1 << 17, milliseconds: 5 }
    const stop = new AbortController()
    await expect(
      download({
        signal: stop.signal,
        onEvent: (event) => {
          if (event.type === 'progress' && event.bytesDone > 3_000_000) stop.abort()
        },
      }),
    ).rejects.toBeInstanceOf(CancelledError)
    await expectNothingReady()
    const { size } = await lstat(partial(weights))
    expect(size).toBeGreaterThan(1_000_000)
    expect(size).toBeLessThan(contents(weights).length)
    events = []
    hub.pace = null
    await download()
    expect(ranges().at(-1)).toBe(`bytes=${size}-`)
    const [first] = events.filter((event) => event.type === 'progress' && event.phase === 'fetch')
    expect(first).toMatchObject({ bytesDone: expect.toSatisfy((done: number) => done >= size) as number })
  })

  it('with a partial file that is longer than the file, by starting again', async () => {
    await mkdir(join(modelFolder(), 'blobs'), { recursive: true })
    await writeFile(partial(weights), Buffer.alloc(contents(weights).length + 1))
    await download()
    expect(ranges()).toEqual([undefined])
  })

  it('with a partial file of wrong bytes, which its hash betrays', async () => {
    await mkdir(join(modelFolder(), 'blobs'), { recursive: true })
    await writeFile(partial(weights), Buffer.alloc(1000, 'x'))
    const { folder } = await download()
    expect(ranges()).toEqual(['bytes=1000-', undefined])
    expect((await readFile(join(folder, weights))).equals(contents(weights))).toBe(true)
    expect(notices()).toEqual([expect.stringContaining('wrong hash')])
  })
})

describe('a transfer fails', () => {
  beforeEach(keepOnlyWeightsLarge)
  const failure = async (options: Partial<DownloadOptions> = {}): Promise<SpellmError> => {
    const error = await download(options).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(SpellmError)
    await expectNothingReady()
    return error as SpellmError
  }

  it('with a wrong hash after a second try from the start, and leaves nothing of it', async () => {
    hub.trouble(weights, { isCorrupt: true }, { isCorrupt: true })
    const { code, message } = await failure()
    expect(code).toBe('download-corrupt')
    expect(message).toMatch(/model\.safetensors of tester\/model arrived twice with another SHA-256/)
    expect(fetches(weights).map(({ range }) => range)).toEqual([undefined, undefined])
    expect(await exists(blob(weights))).toBe(false)
    expect(await exists(partial(weights))).toBe(false)
  })

  it('with a wrong git hash of a small file', async () => {
    hub.trouble('config.json', { isCorrupt: true }, { isCorrupt: true })
    expect(await failure()).toMatchObject({
      code: 'download-corrupt',
      message: expect.stringMatching(/config\.json .* git hash/) as string,
    })
  })

  it('after five new attempts', async () => {
    hub.trouble(weights, ...Array.from({ length: 9 }, () => ({ status: 500 })))
    expect(await failure()).toMatchObject({
      code: 'network-failed',
      message: expect.stringContaining('HTTP 500') as string,
    })
    expect(weightFetches()).toBe(6)
  })

  it('at once where it is asked to wait for long', async () => {
    hub.trouble(weights, { status: 429, headers: { 'retry-after': '3600' } })
    expect((await failure()).message).toContain('60 minutes')
    expect(weightFetches()).toBe(1)
  })

  it('with a length that never is the listed one', async () => {
    hub.trouble(weights, ...Array.from({ length: 9 }, () => ({ announce: 10 })))
    expect(await failure()).toMatchObject({
      code: 'download-corrupt',
      message: expect.stringContaining('announces 10 bytes') as string,
    })
  })

  it('with a web page in place of a file, or of the listing', async () => {
    hub.trouble(weights, { isWebPage: true })
    expect((await failure()).message).toContain('web page')
    hub.trouble('api', { isWebPage: true })
    expect(await failure()).toMatchObject({
      code: 'network-failed',
      message: expect.stringContaining('Unexpected response from the Hub') as string,
    })
  })

  it('without a server', async () => {
    await hub.close()
    expect(await failure()).toMatchObject({
      code: 'network-failed',
      message: expect.stringContaining('refuses connections') as string,
    })
  })

  it('before the first file where the disk is too small', async () => {
    fileSystem.freeBytes = 270_000_000
    expect(await failure()).toMatchObject({
      code: 'disk-full',
      message: expect.stringContaining('270 MB') as string,
    })
    expect(hub.requests.filter(({ path }) => path.includes('/resolve/'))).toEqual([])
  })

  it.each(['ftp://example.org/x', 'file:///etc/passwd'])('with a redirect to %s', async (redirect) => {
    hub.trouble('config.json', { redirect })
    expect(await failure()).toMatchObject({ code: 'network-failed' })
  })
})

describe('access', () => {
  it('sends the token to the endpoint and to no other host', async () => {
    hub.token = token
    settings = { ...settings, token }
    await download()
    const sent = (origin: 'hub' | 'cdn') =>
      new Set(
        hub.requests.filter((request) => request.origin === origin).map((request) => request.authorization),
      )
    expect(sent('hub')).toEqual(new Set([`Bearer ${token}`]))
    expect(sent('cdn')).toEqual(new Set([undefined]))
  })

  it.each<[string, string | null, string | null, RegExp, RegExp]>([
    ['without a token', token, null, /gated.*needs an access token/, /Ask for access at .*tester\/model/],
    ['with a token of another', token, 'hf_other', /gated.*no access/, /Ask for access at .*tester\/model/],
  ])('to a gated model %s is denied', async (_, asked, given, message, remedy) => {
    hub.token = asked
    settings = { ...settings, token: given }
    const error = (await download().catch((thrown: unknown) => thrown)) as SpellmError
    expect(error).toMatchObject({ code: 'access-denied' })
    expect(error.message).toMatch(message)
    expect(error.remedy).toMatch(remedy)
    expect(weightFetches()).toBe(0)
  })

  it('shows the token in no error and no event', async () => {
    settings = { ...settings, token }
    const troubles: Trouble[] = [{ status: 401 }, { status: 403 }, { status: 400 }, { isWebPage: true }]
    for (const trouble of troubles) {
      hub.trouble('config.json', trouble)
      const error = (await download().catch((thrown: unknown) => thrown)) as SpellmError
      expect(error).toBeInstanceOf(SpellmError)
      const shown = [error.message, error.remedy, error.stack, String(error.cause), JSON.stringify(events)]
      expect(shown.join('\n')).not.toContain(token)
    }
  })

  it.each<[string, string, string, string]>([
    ['a model', 'tester/nothing', 'main', 'access-denied'],
    ['a revision', modelId, 'nothing', 'model-not-found'],
    ['a commit', modelId, 'c3'.repeat(20), 'model-not-found'],
  ])('to %s that there is not', async (_, id, revision, code) => {
    const call = downloadModel({ id, revision }, { settings, onEvent: () => undefined })
    await expect(call).rejects.toMatchObject({ code, message: expect.stringContaining(id) as string })
  })
})

describe('offline', () => {
  beforeEach(() => {
    settings = { ...settings, offline: true }
  })

  it('a model in the cache is there', async () => {
    const online = await download({ settings: { ...settings, offline: false } })
    const before = hub.requests.length
    expect(await download()).toEqual(online)
    expect(hub.requests.length).toBe(before)
  })

  it('another is not', async () => {
    await expect(download()).rejects.toMatchObject({
      code: 'model-not-found',
      message: expect.stringContaining('HF_HUB_OFFLINE') as string,
    })
    expect(hub.requests).toEqual([])
  })
})

describe('a model is refused before any of its files is fetched', () => {
  afterEach(() => {
    expect(hub.requests.filter(({ path }) => path.includes('/resolve/'))).toEqual([])
  })

  it.each([weights, 'config.json', 'tokenizer.json'])('without %s', async (name) => {
    hub.files.delete(name)
    await expect(download()).rejects.toMatchObject({
      code: 'model-unsupported',
      message: expect.stringContaining(name) as string,
    })
  })

  it.each([
    '../../evil',
    '/etc/passwd',
    'a/../../b',
    'C:\\evil',
    '\\\\host\\evil',
    'a\u0000b',
    'a\u001b[2Jb',
  ])('with a file named %j', async (path) => {
    hub.extraEntries.push({ type: 'file', path, oid: 'd'.repeat(40), size: 1 })
    await expect(download()).rejects.toMatchObject({ code: 'model-invalid' })
  })

  it.each<[string, object]>([
    ['a name without end', { path: 'x'.repeat(5_000) }],
    ['a negative size', { size: -1 }],
    ['a hash that is a path', { oid: '../../../evil' }],
    ['an LFS hash that is a path', { lfs: { oid: '../../../evil', size: 1 } }],
    ['another type', { type: 'pipe' }],
  ])('with %s in the listing', async (_, field) => {
    hub.extraEntries.push({ type: 'file', path: 'x', oid: 'd'.repeat(40), size: 1, ...field })
    await expect(download()).rejects.toMatchObject({ code: 'network-failed' })
  })
})

describe('an index', () => {
  const withIndex = async (weightMap: Record<string, string>) => {
    const index = Buffer.from(JSON.stringify({ weight_map: weightMap }))
    hub.files.set('model.safetensors.index.json', { contents: index, isLarge: false })
    return download()
  }

  it.each(['../../evil.safetensors', '/x.safetensors', 'a/b.safetensors', 'CON.safetensors', 'x.bin'])(
    'that places weights in %s is refused before any weights are fetched',
    async (name) => {
      await expect(withIndex({ a: name })).rejects.toMatchObject({
        code: 'model-invalid',
        message: expect.stringMatching(/tester\/model.*weight_map/) as string,
      })
      expect(weightFetches()).toBe(0)
    },
  )

  it('that places weights in a file that is not listed is refused', async () => {
    await expect(withIndex({ a: 'other.safetensors' })).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('other.safetensors') as string,
    })
  })
})

describe('links of a snapshot that lead in a circle', () => {
  it.each([weights, 'config.json', 'tokenizer.json'])(
    'as %s are a clear error, and repaired',
    async (name) => {
      const { folder } = await download()
      const path = join(folder, name)
      await rm(path)
      await symlink(name, path)
      expect(await cachedModelFolder(reference, settings.cacheFolder)).toBeNull()
      const open = async () => openModelTokenizer(await openBaseModel(folder))
      await expect(open()).rejects.toBeInstanceOf(SpellmError)
      await download()
      await open()
    },
  )
})

describe('two downloads of a model at once', () => {
  it('fetch it once', async () => {
    keepOnlyWeightsLarge()
    hub.pace = { bytes: 1 << 20, milliseconds: 20 }
    const [one, other] = await Promise.all([download(), download()])
    expect(other).toEqual(one)
    expect(weightFetches()).toBe(1)
    await openBaseModel(one.folder)
  })

  it('are not held up by the lock of a process that is gone', async () => {
    const locks = join(settings.cacheFolder, '.locks/models--tester--model')
    await mkdir(locks, { recursive: true })
    // Larger than any process id.
    const owner = lockName({ pid: 4_194_999, started: '1', host: hostname() })
    const stale = `${etagOf(hub.files.get(weights)!)}.${owner}`
    await writeFile(join(locks, stale), '')
    await download()
    expect(await readdir(locks)).toEqual([])
  })
})
