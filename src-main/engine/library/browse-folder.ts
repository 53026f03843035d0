import { opendir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import type { Dirent } from 'node:fs'
import type { FolderEntry, FolderListing } from '../../contract/index.ts'
import { describeSystemError, SpellmError } from '../../base/errors.ts'

/** Entries that are listed, and entries that are looked at to find the first of them. */
const maxEntries = 1_000
const maxRead = 20_000

const weightFiles = ['model.safetensors', 'model.safetensors.index.json']

/**
 * What a folder holds: folders first, by name, without hidden entries. A link shows as what it leads to; one that
 * leads nowhere, and what is neither folder nor file, is left out.
 *
 * @param folder absolute; null: the home folder
 * @throws SpellmError 'setting-invalid' | 'file-not-found' | 'permission-denied'
 */
export async function browseFolder(folder: string | null): Promise<FolderListing> {
  const path = folder ?? homedir()
  if (!isAbsolute(path))
    throw new SpellmError('setting-invalid', `'${path}' isn't an absolute path.`, 'Enter the full path.')
  const { found, isComplete } = await readEntries(path)
  const { compare } = new Intl.Collator('en', { numeric: true })
  const kinds: { name: string; kind: FolderEntry['kind'] }[] = []
  for (const entry of found) {
    const kind = await kindOf(path, entry)
    if (kind) kinds.push({ name: entry.name, kind })
  }
  kinds.sort((a, b) => (a.kind === b.kind ? compare(a.name, b.name) : a.kind === 'folder' ? -1 : 1))
  const entries: FolderEntry[] = []
  for (const { name, kind } of kinds.slice(0, maxEntries)) {
    const own = join(path, name)
    const bytes = kind === 'file' ? ((await statIfThere(own))?.size ?? 0) : 0
    entries.push({ name, path: own, kind, bytes, isModel: kind === 'folder' && (await isModel(own)) })
  }
  const parent = dirname(path)
  return {
    folder: path,
    parent: parent === path ? null : parent,
    entries,
    isCut: !isComplete || kinds.length > maxEntries,
  }
}

async function readEntries(path: string): Promise<{ found: Dirent[]; isComplete: boolean }> {
  try {
    const found: Dirent[] = []
    // Leaving the loop closes the folder.
    for await (const entry of await opendir(path)) {
      if (entry.name.startsWith('.')) continue
      if (found.length === maxRead) return { found, isComplete: false }
      found.push(entry)
    }
    return { found, isComplete: true }
  } catch (error) {
    throw describeSystemError(error, path)
  }
}

async function kindOf(folder: string, entry: Dirent): Promise<FolderEntry['kind'] | null> {
  const found = entry.isSymbolicLink() ? await statIfThere(join(folder, entry.name)) : entry
  if (found?.isDirectory()) return 'folder'
  return found?.isFile() ? 'file' : null
}

async function isModel(folder: string): Promise<boolean> {
  if (!(await statIfThere(join(folder, 'config.json')))) return false
  for (const name of weightFiles) if (await statIfThere(join(folder, name))) return true
  return false
}

/** What a path leads to, or null if it leads nowhere or may not be looked at. */
function statIfThere(path: string) {
  return stat(path).catch(() => null)
}
