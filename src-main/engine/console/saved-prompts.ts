import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { savedPromptSchema, type SavedPrompt } from '../../contract/index.ts'
import { SpellmError } from '../../base/errors.ts'
import { openJsonStore } from '../state/json-store.ts'

/** Prompts that a person kept, newest first. */
export interface SavedPrompts {
  list(): SavedPrompt[]
  /** Throws SpellmError 'setting-invalid' where there are too many, and for errors of the operating system. */
  save(prompt: Omit<SavedPrompt, 'id' | 'saved'>): Promise<SavedPrompt>
  /** Does nothing where there is none of that id. */
  remove(id: string): Promise<void>
}

const maxPrompts = 1_000
/** Maximum characters of all that is kept: the file stays small enough to be read at once. */
const maxCharacters = 16 << 20

/** Opens the prompts that the JSON file `path` keeps. */
export async function openSavedPrompts(path: string): Promise<SavedPrompts> {
  const store = await openJsonStore(path, z.array(savedPromptSchema), [])
  return {
    list: () => [...store.value],
    save: async (prompt) => {
      const saved = { ...prompt, id: randomUUID(), saved: new Date().toISOString() }
      const prompts = [saved, ...store.value]
      if (prompts.length > maxPrompts || JSON.stringify(prompts).length > maxCharacters)
        throw new SpellmError(
          'setting-invalid',
          `${path} is full: it holds up to ${maxPrompts} prompts and ${maxCharacters} characters.`,
          'Remove prompts that are not needed any more.',
        )
      await store.set(prompts)
      return saved
    },
    remove: (id) => store.set(store.value.filter((prompt) => prompt.id !== id)),
  }
}
