import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { firstCommit, modelId, startHub, type HubServer } from '../hub/testing/hub-server.ts'
import { sampleFiles } from '../hub/testing/sample-files.ts'
import { lastLine, spellm } from '../engine/testing/cli.ts'

let scratch = ''
let hub: HubServer

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-download-'))
  hub = await startHub(await sampleFiles())
  vi.stubEnv('HF_ENDPOINT', hub.endpoint)
  vi.stubEnv('HF_HOME', scratch)
  for (const name of ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_TOKEN', 'HF_TOKEN_PATH', 'HF_HUB_OFFLINE'])
    vi.stubEnv(name, '')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await hub.close()
  await rm(scratch, { recursive: true, force: true })
})

const folder = () => join(scratch, 'hub/models--tester--model/snapshots', firstCommit)

describe('spellm download', () => {
  it('prints what it fetched, and the id stands for the model from then on', async () => {
    const { code, stdout, stderr } = await spellm(['download', modelId, '--json'])
    expect(code, stderr).toBe(0)
    const result = lastLine({ code, stdout, stderr })
    expect(result).toEqual({
      id: modelId,
      revision: firstCommit,
      folder: folder(),
      files: 6,
      bytes: expect.toSatisfy((bytes: number) => bytes > 10_000_000) as number,
      seconds: expect.toSatisfy((seconds: number) => seconds > 0) as number,
    })
    expect(stderr).toContain(`Commit ${firstCommit}`)
    expect(stderr).toMatch(/Fetching 100 % .*6\/6 files/)

    const inspected = await spellm(['inspect', modelId, '--json'])
    expect(lastLine(inspected)).toMatchObject({ layers: 6, supported: true })
  })

  it('--dry-run says what would be fetched, and fetches nothing', async () => {
    const plan = async () => lastLine(await spellm(['download', modelId, '--dry-run', '--json']))
    const bytesTotal = expect.toSatisfy((bytes: number) => bytes > 10_000_000) as number
    expect(await plan()).toEqual({ id: modelId, bytesDone: 0, bytesTotal, filesDone: 0, filesTotal: 6 })
    await spellm(['download', modelId])
    const { bytesDone, ...rest } = (await plan()) as { bytesDone: number; bytesTotal: number }
    expect(rest).toEqual({ id: modelId, bytesTotal: bytesDone, filesDone: 6, filesTotal: 6 })
  })

  it('takes an address, a revision and a file with a token', async () => {
    hub.token = 'hf_mine'
    const file = join(scratch, 'my-token')
    await writeFile(file, `${hub.token}\n`)
    const address = `${hub.endpoint}/${modelId}`
    const { code, stdout, stderr } = await spellm([
      ...['download', address, '--revision', 'refs/pr/1', '--token-file', file],
    ])
    expect(code, stderr).toBe(0)
    expect(stdout).toContain(folder())
    expect(stdout).toContain(`spellm inspect ${modelId}@refs/pr/1`)
    expect(stdout + stderr).not.toContain(hub.token)
  })

  it('says on Ctrl-C that the same command resumes, and it does', async () => {
    hub.pace = { bytes: 1 << 16, milliseconds: 20 }
    const blobs = join(scratch, 'hub/models--tester--model/blobs')
    /** What has come of the files that aren't whole. */
    const incomplete = async () => {
      const names = (await readdir(blobs).catch(() => [])).filter((name) => name.endsWith('.incomplete'))
      const sizes = await Promise.all(names.map((name) => stat(join(blobs, name)).catch(() => ({ size: 0 }))))
      return Math.max(0, ...sizes.map(({ size }) => size))
    }
    const stopped = await spellm(['download', modelId, '--json'], {
      // More than any file but the weights, 11 MB: these take seconds, so that they are still under way when the signal comes.
      killWhen: async () => (await incomplete()) > 1 << 18,
      killSignal: 'SIGINT',
    })
    expect(stopped.code, stopped.stderr).toBe(130)
    expect(lastLine(stopped)).toMatchObject({
      error: { code: 'cancelled', remedy: expect.stringContaining('same command again') as string },
    })
    const size = await incomplete()
    hub.pace = null
    expect((await spellm(['download', modelId])).code).toBe(0)
    expect(hub.requests.map(({ range }) => range)).toContain(`bytes=${size}-`)
  })
})

describe('a model that is not in the cache', () => {
  it.each([
    ['inspect', modelId],
    ['generate', modelId, '--prompt', 'x'],
    ['convert', modelId, '--out', 'nowhere'],
  ])('is not fetched by spellm %s, which names the command that does', async (...args) => {
    const { code, stderr } = await spellm(args)
    expect(code).toBe(1)
    expect(stderr).toContain(`spellm download ${modelId}`)
    expect(hub.requests).toEqual([])
  })
})
