import { readFile, rm } from 'node:fs/promises'
import { describeSystemError } from '../../base/errors.ts'
import { writeFileAtomically } from '../../base/atomic-file.ts'

/** The system's key store, where a host has one. */
export interface KeyStore {
  /** What it keeps; null: this system has no key store that can be used. */
  read(): Promise<{ readonly token: string | null } | null>
  /** Keeps a token, or none. Throws SpellmError 'permission-denied' | 'disk-full'. */
  write(token: string | null): Promise<void>
}

/** Where a token is kept. */
type TokenPlace = { readonly kind: 'key-store' } | { readonly kind: 'file'; readonly path: string }

/** Keeps the access token that a person gave in the studio. Its errors never hold the token. */
export interface TokenStore {
  read(): Promise<{ readonly token: string; readonly place: TokenPlace['kind'] } | null>
  /** Where a token that is given now is kept. */
  place(): Promise<TokenPlace>
  /** Throws SpellmError 'permission-denied' | 'disk-full'. */
  write(token: string): Promise<void>
  remove(): Promise<void>
}

/**
 * Keeps a token in the key store, or where there is none, in a file that only this user can read. The same data
 * folder may be used with a key store one day and without one the next.
 *
 * @param path of that file
 */
export function createTokenStore(path: string, keyStore: KeyStore | null): TokenStore {
  const stored = async () => (await keyStore?.read()) ?? null
  const removeFile = async () => {
    try {
      await rm(path, { force: true })
    } catch (error) {
      throw describeSystemError(error, path)
    }
  }
  return {
    read: async () => {
      const token = (await stored())?.token ?? null
      if (token !== null) return { token, place: 'key-store' }
      const inFile = await readToken(path)
      return inFile === null ? null : { token: inFile, place: 'file' }
    },
    place: async () => ((await stored()) === null ? { kind: 'file', path } : { kind: 'key-store' }),
    write: async (token) => {
      if ((await stored()) === null) await writeToken(path, token)
      else {
        await keyStore?.write(token)
        await removeFile()
      }
    },
    remove: async () => {
      if ((await stored()) !== null) await keyStore?.write(null)
      await removeFile()
    },
  }
}

async function readToken(path: string): Promise<string | null> {
  try {
    const text = (await readFile(path, 'utf8')).trim()
    return text === '' ? null : text
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw describeSystemError(error, path)
  }
}

async function writeToken(path: string, token: string): Promise<void> {
  await writeFileAtomically(path, async (file) => {
    // Before the first byte is in it.
    await file.chmod(0o600)
    await file.writeFile(`${token}\n`)
  })
}
