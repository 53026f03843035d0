import { createHash } from 'node:crypto'
import { lstat, mkdtemp, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { downloadDatasetFile } from './download-dataset.ts'
import type { HubSettings } from './settings.ts'
import type { DownloadEvent } from './snapshot.ts'
import { datasetCommit, startHub, type HubServer } from './testing/hub-server.ts'

const id = 'tester/questions'
const path = 'main/test-00000-of-00001.parquet'
const contents = Buffer.from('PAR1 and so on '.repeat(1000))
const hash = createHash('sha256').update(contents).digest('hex')
const pinned = '5e'.repeat(20)

let hub: HubServer
let settings: HubSettings
let events: DownloadEvent[]

beforeEach(async () => {
  hub = await startHub()
  const file = { contents, isLarge: true }
  hub.datasets.set(id, new Map([[path, file]]))
  const cacheFolder = await mkdtemp(join(tmpdir(), 'spellm-datasets-'))
  settings = { endpoint: hub.endpoint, cacheFolder, token: null, offline: false }
  events = []
})
afterEach(async () => {
  await hub.close()
  await rm(settings.cacheFolder, { recursive: true, force: true })
})

const download = (wish: Partial<Parameters<typeof downloadDatasetFile>[0]> = {}, maxBytes = 1 << 20) =>
  downloadDatasetFile(
    { id, revision: 'main', path, ...wish },
    { settings, maxBytes, onEvent: (event) => events.push(event), retryDelay: 1 },
  )

describe('a file of a data set', () => {
  it("comes into the place where the Hub's own tools look for it", async () => {
    const { commit, file } = await download()
    const folder = join(settings.cacheFolder, 'datasets--tester--questions')
    expect(commit).toBe(datasetCommit)
    expect(file).toBe(join(folder, 'snapshots', datasetCommit, path))
    expect(await readFile(file)).toEqual(contents)
    expect((await lstat(file)).isSymbolicLink()).toBe(true)
    expect(await readlink(file)).toBe(`../../../blobs/${hash}`)
    expect(await readFile(join(folder, 'refs/main'), 'utf8')).toBe(datasetCommit)
    expect(events).toContainEqual({ type: 'commit', commit: datasetCommit })
    expect(events.some((event) => event.type === 'progress' && event.phase === 'fetch')).toBe(true)
  })

  it('of a commit is asked for once, and then found without a network', async () => {
    const first = await download({ revision: pinned })
    expect(first.commit).toBe(pinned)
    const requests = hub.requests.length
    expect(await download({ revision: pinned })).toEqual(first)
    expect(hub.requests).toHaveLength(requests)
    settings = { ...settings, offline: true }
    expect(await download({ revision: pinned })).toEqual(first)
  })

  it('resumes where a broken connection stopped', async () => {
    hub.trouble(path, { cutAfter: 5000 })
    expect(await readFile((await download()).file)).toEqual(contents)
    expect(hub.requests.some(({ range }) => range === 'bytes=5000-')).toBe(true)
  })

  it('with other contents than the Hub lists is refused', async () => {
    hub.trouble(path, { isCorrupt: true }, { isCorrupt: true })
    await expect(download()).rejects.toMatchObject({ code: 'download-corrupt' })
  })

  it('that is too large is not fetched', async () => {
    await expect(download({}, 100)).rejects.toMatchObject({
      code: 'file-invalid',
      message: expect.stringContaining('15000 bytes') as string,
    })
    expect(hub.requests.every(({ origin }) => origin === 'hub')).toBe(true)
  })

  it('or a data set that there is not is named', async () => {
    await expect(download({ path: 'main/other.parquet' })).rejects.toMatchObject({
      code: 'model-not-found',
      message: expect.stringContaining('no file main/other.parquet') as string,
    })
    await expect(download({ id: 'tester/nothing' })).rejects.toMatchObject({
      code: 'access-denied',
      message: expect.stringContaining('no data set tester/nothing') as string,
      remedy: expect.stringContaining('/datasets/tester/nothing') as string,
    })
    await expect(download({ revision: 'no-branch' })).rejects.toMatchObject({ code: 'model-not-found' })
  })

  it('offline must be in the cache', async () => {
    settings = { ...settings, offline: true }
    await expect(download()).rejects.toMatchObject({
      code: 'model-not-found',
      message: expect.stringContaining('HF_HUB_OFFLINE') as string,
    })
    expect(hub.requests).toHaveLength(0)
  })
})
