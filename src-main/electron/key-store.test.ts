import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createKeyStore, type Cipher } from './key-store.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spellm-key-store-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Turns each byte over; another key than its own makes it fail, as the system's does. */
const cipher = (backend: ReturnType<Cipher['getSelectedStorageBackend']> = 'gnome_libsecret'): Cipher => ({
  isAsyncEncryptionAvailable: () => Promise.resolve(true),
  getSelectedStorageBackend: () => backend,
  encryptStringAsync: (text) =>
    Promise.resolve(Buffer.from(Buffer.from(`v10${text}`).map((byte) => byte ^ 0xff))),
  decryptStringAsync: (encrypted) => {
    const text = Buffer.from(encrypted.map((byte) => byte ^ 0xff)).toString()
    if (!text.startsWith('v10')) return Promise.reject(new Error('another key'))
    return Promise.resolve({ shouldReEncrypt: false, result: text.slice(3) })
  },
})

test('the token is kept encrypted, replaced, and forgotten', async () => {
  const path = join(folder, 'token')
  const store = createKeyStore(path, cipher(), 'linux')
  expect(await store.read()).toEqual({ token: null })
  await store.write('hf_secret')
  expect(await store.read()).toEqual({ token: 'hf_secret' })
  expect(await readFile(path, 'latin1')).not.toContain('secret')
  if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600)
  await store.write('hf_other')
  expect(await store.read()).toEqual({ token: 'hf_other' })
  await store.write(null)
  expect(await store.read()).toEqual({ token: null })
})

test('a token that another machine has encrypted counts as none', async () => {
  const path = join(folder, 'moved')
  await writeFile(path, 'something else')
  expect(await createKeyStore(path, cipher(), 'darwin').read()).toEqual({ token: null })
})

test('a system without a key ring has no key store', async () => {
  const path = join(folder, 'plain')
  expect(await createKeyStore(path, cipher('basic_text'), 'linux').read()).toBeNull()
  const unavailable = { ...cipher(), isAsyncEncryptionAvailable: () => Promise.resolve(false) }
  expect(await createKeyStore(path, unavailable, 'win32').read()).toBeNull()
})
