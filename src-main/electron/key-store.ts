import { readFile, rm } from 'node:fs/promises'
import type { SafeStorage } from 'electron'
import { describeSystemError } from '../base/errors.ts'
import { writeFileAtomically } from '../base/atomic-file.ts'
import type { KeyStore } from '../engine/library/token-store.ts'

/** What the key store needs of Electron. */
export type Cipher = Pick<
  SafeStorage,
  'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'
>

/**
 * The access token, encrypted by a key that the system keeps: Keychain, DPAPI, or the key ring of a Linux desktop.
 *
 * @param path of the encrypted token
 */
export function createKeyStore(path: string, cipher: Cipher, platform: NodeJS.Platform): KeyStore {
  // Without a key ring, Electron encrypts with a password that everybody knows.
  const isUsable = async () =>
    (await cipher.isAsyncEncryptionAvailable()) &&
    !(platform === 'linux' && ['basic_text', 'unknown'].includes(cipher.getSelectedStorageBackend()))
  return {
    read: async () => ((await isUsable()) ? { token: await readToken(path, cipher) } : null),
    write: async (token) => {
      if (token !== null) {
        const encrypted = await cipher.encryptStringAsync(token)
        await writeFileAtomically(path, async (file) => {
          await file.chmod(0o600)
          await file.writeFile(encrypted)
        })
        return
      }
      try {
        await rm(path, { force: true })
      } catch (error) {
        throw describeSystemError(error, path)
      }
    },
  }
}

async function readToken(path: string, cipher: Cipher): Promise<string | null> {
  let encrypted: Buffer
  try {
    encrypted = await readFile(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw describeSystemError(error, path)
  }
  try {
    return (await cipher.decryptStringAsync(encrypted)).result
  } catch {
    // The key is gone, as after a move to another machine: whoever needs the token gives it again.
    return null
  }
}
