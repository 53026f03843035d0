import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTokenStore, type KeyStore } from './token-store.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spellm-token-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function memoryKeyStore(): KeyStore {
  let token: string | null = null
  return {
    read: () => Promise.resolve({ token }),
    write: (next) => {
      token = next
      return Promise.resolve()
    },
  }
}

describe('the access token', () => {
  it('lies in a file that only its user can read where there is no key store', async () => {
    const path = join(folder, 'in-file')
    const store = createTokenStore(path, null)
    expect(await store.read()).toBeNull()
    expect(await store.place()).toEqual({ kind: 'file', path })
    await store.write('hf_first')
    await store.write('hf_second')
    expect(await store.read()).toEqual({ token: 'hf_second', place: 'file' })
    expect(await readFile(path, 'utf8')).toBe('hf_second\n')
    if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600)
    await store.remove()
    expect(await store.read()).toBeNull()
  })

  it('moves from the file to the key store when it is given again', async () => {
    const path = join(folder, 'moved')
    await writeFile(path, 'hf_old\n')
    const store = createTokenStore(path, memoryKeyStore())
    expect(await store.read()).toEqual({ token: 'hf_old', place: 'file' })
    expect(await store.place()).toEqual({ kind: 'key-store' })
    await store.write('hf_new')
    expect(await store.read()).toEqual({ token: 'hf_new', place: 'key-store' })
    await expect(stat(path)).rejects.toThrow('ENOENT')
    await store.remove()
    expect(await store.read()).toBeNull()
  })

  it('goes to the file when the key store can not be used', async () => {
    const path = join(folder, 'without')
    const unusable: KeyStore = {
      read: () => Promise.resolve(null),
      write: () => Promise.reject(new Error('not to be called')),
    }
    const store = createTokenStore(path, unusable)
    await store.write('hf_plain')
    expect(await store.read()).toEqual({ token: 'hf_plain', place: 'file' })
    await store.remove()
    expect(await store.read()).toBeNull()
  })
})
