import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { withFullDisk } from '../../runs/testing/faults.ts'
import { openJsonStore } from './json-store.ts'

let scratch = ''
let count = 0
beforeAll(async () => (scratch = await mkdtemp(join(tmpdir(), 'spellm-store-'))))
afterAll(() => rm(scratch, { recursive: true, force: true }))

const schema = z.object({ n: z.number() })
const newPath = () => join(scratch, `${count++}.json`)
const stored = async (path: string) => JSON.parse(await readFile(path, 'utf8')) as unknown

describe('a JSON store', () => {
  it('begins with its initial value, and keeps what is set', async () => {
    const path = newPath()
    const store = await openJsonStore(path, schema, { n: 0 })
    expect(store.value).toEqual({ n: 0 })
    await store.set({ n: 1 })
    expect((await openJsonStore(path, schema, { n: 0 })).value).toEqual({ n: 1 })
  })

  it('has a value at once, and the last of many on disk', async () => {
    const path = newPath()
    const store = await openJsonStore(path, schema, { n: 0 })
    const writes = [1, 2, 3].map((n) => store.set({ n }))
    expect(store.value).toEqual({ n: 3 })
    await Promise.all(writes)
    expect(await stored(path)).toEqual({ n: 3 })
  })

  it('says that the disk is full, and writes the value with the next', async () => {
    const path = newPath()
    const store = await openJsonStore(path, schema, { n: 0 })
    await store.set({ n: 1 })
    await withFullDisk(0, () => expect(store.set({ n: 2 })).rejects.toMatchObject({ code: 'disk-full' }))
    expect(store.value).toEqual({ n: 2 })
    expect(await stored(path)).toEqual({ n: 1 })
    await store.set({ n: 3 })
    expect(await stored(path)).toEqual({ n: 3 })
  })

  it.each(['{"n": ', '{"n": "many"}', ''])('moves a file aside that holds %j', async (contents) => {
    const path = newPath()
    await writeFile(path, contents)
    const error = vi.spyOn(console, 'error').mockReturnValue()
    expect((await openJsonStore(path, schema, { n: 7 })).value).toEqual({ n: 7 })
    expect(error).toHaveBeenCalledWith(expect.stringContaining(`${path}.damaged`))
    error.mockRestore()
    expect(await readFile(`${path}.damaged`, 'utf8')).toBe(contents)
  })
})
