import type * as Files from 'node:fs/promises'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { linkOrCopy } from './atomic-file.ts'

const failure = vi.hoisted(() => ({ code: null as string | null }))
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof Files>()
  const link: typeof original.link = (from, to) =>
    failure.code === null
      ? original.link(from, to)
      : Promise.reject(Object.assign(new Error('no link'), { code: failure.code }))
  return { ...original, link }
})

/** More than is read at once. */
const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) % 251))
let folder = ''
let from = ''
let to = ''
beforeEach(async () => {
  failure.code = null
  folder = await mkdtemp(join(tmpdir(), 'spellm-link-'))
  from = join(folder, 'from')
  to = join(folder, 'to')
  await writeFile(from, content)
})
afterEach(() => rm(folder, { recursive: true, force: true }))

it('a file gets a second path, and no second place', async () => {
  await linkOrCopy(from, to)
  expect((await stat(to)).ino).toBe((await stat(from)).ino)
})

it.each(['EXDEV', 'EPERM', 'ENOTSUP'])(
  'where that is not possible (%s), it is copied whole',
  async (code) => {
    failure.code = code
    await linkOrCopy(from, to)
    expect((await stat(to)).ino).not.toBe((await stat(from)).ino)
    expect(content.equals(await readFile(to))).toBe(true)
    expect(await readdir(folder)).toEqual(['from', 'to'])
  },
)

it('what is there stays, and what is not there is named', async () => {
  await writeFile(to, 'there')
  await linkOrCopy(from, to)
  expect(await readFile(to, 'utf8')).toBe('there')
  await expect(linkOrCopy(join(folder, 'nothing'), join(folder, 'new'))).rejects.toMatchObject({
    code: 'file-not-found',
    message: expect.stringContaining('nothing') as string,
  })
})
