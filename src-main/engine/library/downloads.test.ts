import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { modelId, startHub, type HubServer } from '../../hub/testing/hub-server.ts'
import { sampleFiles } from '../../hub/testing/sample-files.ts'
import { engineErrorOf, type Client } from '../testing/client.ts'
import { openEngine, type OpenEngine } from '../testing/open-engine.ts'

let scratch = ''
let hub: HubServer
let opened: OpenEngine
let client: Client

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-downloads-'))
  hub = await startHub(await sampleFiles())
  vi.stubEnv('HF_ENDPOINT', hub.endpoint)
  vi.stubEnv('HF_HUB_CACHE', join(scratch, 'cache'))
  vi.stubEnv('HF_HOME', join(scratch, 'home'))
  vi.stubEnv('HF_TOKEN', '')
  opened = await openEngine({ dataFolder: join(scratch, 'data') })
  client = opened.client
})
afterAll(async () => {
  await opened.close()
  await hub.close()
  vi.unstubAllEnvs()
  await rm(scratch, { recursive: true, force: true })
})
afterEach(() => {
  hub.token = null
})

const isWeights = ({ path }: { path: string }) => path.includes('model.safetensors')
const untilEnd = (id: string, status: 'finished' | 'failed') =>
  vi.waitFor(async () => expect((await downloadOf(id))?.status).toBe(status), 20_000)
const downloadOf = async (id: string) => (await client.models.downloads()).find((entry) => entry.id === id)

describe('models from the Hub', () => {
  it('that are gated are fetched with a token that no answer has in it', async () => {
    hub.token = 'hf_secret'
    expect(await client.hub.state()).toMatchObject({
      endpoint: hub.endpoint,
      isMirror: true,
      tokenSource: null,
    })
    await client.models.download({ id: modelId })
    await untilEnd(modelId, 'failed')
    expect((await downloadOf(modelId))?.problem).toMatchObject({
      code: 'access-denied',
      remedy: expect.stringContaining(`${hub.endpoint}/${modelId}`) as string,
    })

    await client.hub.setToken({ token: ' hf_secret ' })
    await client.models.download({ id: modelId })
    await untilEnd(modelId, 'finished')
    const state = await client.hub.state()
    expect(state).toMatchObject({
      tokenSource: 'file',
      tokenPlace: { kind: 'file', path: join(scratch, 'data/hub-token') },
    })
    const answers = [
      state,
      await client.app.settings(),
      await client.app.info(),
      await client.models.downloads(),
    ]
    expect(JSON.stringify(answers)).not.toContain('secret')
    expect(await readFile(join(scratch, 'data/settings.json'), 'utf8')).not.toContain('secret')

    await client.hub.removeToken()
    expect(await client.hub.state()).toMatchObject({ tokenSource: null })
    expect(await engineErrorOf(client.hub.setToken({ token: 'two words' }))).toMatchObject({
      code: 'setting-invalid',
      message: expect.not.stringContaining('two words') as string,
    })
    await rm(join(scratch, 'cache'), { recursive: true })
  })

  it('are asked for with the token that was given, not with that of the environment', async () => {
    vi.stubEnv('HF_TOKEN', 'hf_of_the_environment')
    expect(await client.hub.state()).toMatchObject({ tokenSource: 'environment' })
    await client.hub.setToken({ token: 'hf_own' })
    await client.hub.lookUp({ id: modelId })
    expect(hub.requests.at(-1)?.authorization ?? hub.requests.at(-2)?.authorization).toBe('Bearer hf_own')
    await client.hub.removeToken()
    vi.stubEnv('HF_TOKEN', '')
  })

  it('are measured before the first byte of weights comes, and found once they are there', async () => {
    const before = hub.requests.filter(isWeights).length
    const { size, reference } = await client.hub.lookUp({ id: `${hub.endpoint}/${modelId}` })
    expect(reference).toBeNull()
    const expected = ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors']
      .concat('README.md', 'LICENSE.txt')
      .map((name) => hub.files.get(name)!.contents.length)
    expect(size).toEqual({
      bytesDone: 0,
      bytesTotal: expected.reduce((sum, bytes) => sum + bytes, 0),
      filesDone: 0,
      filesTotal: expected.length,
    })
    expect(hub.requests.filter(isWeights).length).toBe(before)

    await client.models.download({ id: modelId })
    await untilEnd(modelId, 'finished')
    const found = await client.hub.lookUp({ id: modelId })
    expect(found).toMatchObject({ id: modelId, size: null })
    expect(await client.models.list()).toContainEqual(
      expect.objectContaining({ card: expect.objectContaining({ reference: found.reference }) as unknown }),
    )
  })

  it('that do not exist are an error with the page to look at', async () => {
    const error = await engineErrorOf(client.hub.lookUp({ id: 'tester/none' }))
    expect(error).toMatchObject({
      code: 'access-denied',
      remedy: expect.stringContaining(hub.endpoint) as string,
    })
    expect(await engineErrorOf(client.hub.lookUp({ id: 'no model' }))).toMatchObject({
      code: 'setting-invalid',
    })
  })
})
