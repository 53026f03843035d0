import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readStopTokens } from './generation-config.ts'

let folder = ''
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'spellm-generation-'))))
afterAll(() => rm(folder, { recursive: true }))

describe('readStopTokens', () => {
  const read = async (json: object) => {
    await writeFile(join(folder, 'generation_config.json'), JSON.stringify(json))
    return readStopTokens(folder)
  }
  it('leaves the decision to config.json where nothing is said', async () => {
    expect(await readStopTokens(join(folder, 'nowhere'))).toBeNull()
    expect(await read({ temperature: 0.6 })).toBeNull()
    expect(await read({ eos_token_id: null })).toBeNull()
  })
  it('reads one token or several', async () => {
    expect(await read({ eos_token_id: 7 })).toEqual([7])
    expect(await read({ eos_token_id: [128001, 128008, 128001] })).toEqual([128001, 128008])
  })
  it.each([-1, 1.5, '2', [3, null], 2 ** 40])('refuses %j', async (eos_token_id) => {
    await expect(read({ eos_token_id })).rejects.toMatchObject({
      code: 'file-invalid',
      message: expect.stringContaining('eos_token_id') as string,
    })
  })
})
