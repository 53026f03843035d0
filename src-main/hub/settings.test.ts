import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readHubSettings } from './settings.ts'

let scratch = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-hub-settings-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const read = (environment: Record<string, string>, tokenFile?: string) =>
  readHubSettings({ HF_TOKEN_PATH: join(scratch, 'none'), ...environment }, tokenFile)

describe('the settings of the environment', () => {
  it('are those of the Hub itself without any', async () => {
    expect(await read({})).toEqual({
      endpoint: 'https://huggingface.co',
      cacheFolder: join(homedir(), '.cache/huggingface/hub'),
      token: null,
      offline: false,
    })
  })

  it.each([
    [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
    [{ XDG_CACHE_HOME: '/x', HF_HOME: '/h' }, '/h/hub'],
    [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old' }, '/old'],
    [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '/c' }, '/c'],
    [{ HF_HUB_CACHE: '~/c' }, join(homedir(), 'c')],
  ])('%j put the cache into %s', async (environment, folder) => {
    expect((await read(environment)).cacheFolder).toBe(resolve(folder))
  })

  it.each([
    ['https://mirror.example/', 'https://mirror.example'],
    ['http://127.0.0.1:8080/hub//', 'http://127.0.0.1:8080/hub'],
  ])('take %s for a mirror', async (HF_ENDPOINT, endpoint) => {
    expect((await read({ HF_ENDPOINT })).endpoint).toBe(endpoint)
  })

  it.each(['mirror.example', 'ftp://x', 'https://a:secret@x', 'https://x/?a=b'])(
    'take %s for none',
    async (HF_ENDPOINT) => {
      const reading = read({ HF_ENDPOINT })
      await expect(reading).rejects.toMatchObject({
        code: 'setting-invalid',
        message: expect.not.stringContaining('secret') as string,
      })
    },
  )

  it('find a token in HF_TOKEN, in the file that other tools write, or in a given one', async () => {
    await writeFile(join(scratch, 'token'), 'hf_shared\n')
    await writeFile(join(scratch, 'mine'), '  hf_mine\r\n')
    const shared = { HF_TOKEN_PATH: join(scratch, 'token') }
    expect((await read(shared)).token).toBe('hf_shared')
    expect((await readHubSettings({ HF_HOME: scratch })).token).toBe('hf_shared')
    expect((await read({ ...shared, HF_TOKEN: 'hf_set' })).token).toBe('hf_set')
    expect((await read({ ...shared, HF_TOKEN: 'hf_set' }, join(scratch, 'mine'))).token).toBe('hf_mine')
  })

  it('name the place of a token that is none, and do not show it', async () => {
    await writeFile(join(scratch, 'broken'), 'hf_one hf_two')
    await writeFile(join(scratch, 'empty'), '')
    for (const name of ['broken', 'empty'])
      await expect(read({}, join(scratch, name))).rejects.toMatchObject({
        code: 'setting-invalid',
        message: expect.stringMatching(new RegExp(`${name} doesn't hold`)) as string,
      })
    await expect(read({ HF_TOKEN: 'hf_a\nb' })).rejects.toMatchObject({
      message: expect.not.stringContaining('hf_a') as string,
    })
    await expect(read({}, join(scratch, 'missing'))).rejects.toMatchObject({ code: 'file-not-found' })
  })

  it.each([
    [{ HF_HUB_OFFLINE: '1' }, true],
    [{ HF_HUB_OFFLINE: 'true' }, true],
    [{ TRANSFORMERS_OFFLINE: '1' }, true],
    [{ HF_HUB_OFFLINE: '0' }, false],
  ])('%j: offline is %s', async (environment, offline) => {
    expect((await read(environment)).offline).toBe(offline)
  })
})
