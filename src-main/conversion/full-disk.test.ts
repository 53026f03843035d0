import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { stories } from '../../resources/stories/stories.ts'
import { openSafetensors, readTensorBytes } from '../formats/safetensors.ts'
import { runStatus } from '../runs/index.ts'
import { withFullDisk } from '../runs/testing/faults.ts'
import { filesBelow } from '../runs/testing/temporary-folder.ts'
import { convert, resumeConversion } from './convert.ts'
import { parseConversionSettings } from './settings.ts'
import { writeShortModel } from '../engine/testing/short-model.ts'

/** What the file system says is free; null: what really is. */
const disk = vi.hoisted(() => ({ freeBytes: null as number | null }))
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs/promises')>()
  return {
    ...original,
    statfs: async (path: string) =>
      disk.freeBytes === null ? original.statfs(path) : { bsize: 1, bavail: disk.freeBytes },
  }
})

const positionsPerChunk = 8 * 8 * 64
const chunkBytes = positionsPerChunk * (2 * 256 + 4)
/** Of 20,480 held-out positions and 8,192 to learn from. */
const chunks = 7

let scratch = ''
let run = ''
const options = { onEvent: () => undefined }
const diskFull = (path: RegExp) => ({
  code: 'disk-full',
  message: expect.stringMatching(path) as string,
  remedy: expect.stringMatching(/^Free some disk space/) as string,
})

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-full-disk-'))
  run = join(scratch, 'run')
  await writeShortModel(join(scratch, 'model'))
  const text: string[] = []
  for (const story of stories(4)) if (text.push(story) === 300) break
  await writeFile(join(scratch, 'stories.txt'), text.join('\n<|endoftext|>\n'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const begin = () =>
  convert(
    run,
    parseConversionSettings({
      base: join(scratch, 'model'),
      texts: [join(scratch, 'stories.txt')],
      tokens: 9_000,
      // Every token is spelled: the stages of this conversion are known by their files.
      tokenSymbols: 0,
      k: 6,
      adapterWidths: [16],
      batchTokens: 256,
      epochs: 1,
      // At the last step and never before it, however long the machine takes.
      checkpointSeconds: 86_400,
    }),
    options,
  )

/** Paths of the run's files; none may be half-written. */
async function files(): Promise<string[]> {
  const names = await filesBelow(run)
  expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([])
  return names
}
const chunksIn = (names: readonly string[]) => names.filter((name) => name.startsWith('cache/'))

/** One conversion that meets a full disk in each of its stages, one after the other. */
describe('a conversion on a full disk', () => {
  it('has no room to begin: leaves nothing', async () => {
    await expect(withFullDisk(100, begin)).rejects.toMatchObject(diskFull(/run/))
    expect(await readdir(scratch)).not.toContain('run')
  })

  it('can’t store its text: keeps the run, without the text', async () => {
    await expect(withFullDisk(10_000, begin)).rejects.toMatchObject(diskFull(/tokens\.safetensors/))
    expect(await files()).not.toContain('tokens.safetensors')
    expect(await runStatus(run)).toBe('paused')
  })

  it('sees in advance that the teacher cache won’t fit: keeps the text', async () => {
    disk.freeBytes = chunks * chunkBytes
    await expect(resumeConversion(run, options)).rejects.toMatchObject(
      diskFull(/teacher cache needs 0\.0 GB/),
    )
    disk.freeBytes = null
    expect(chunksIn(await files())).toEqual([])
    const { tensors } = await openSafetensors(join(run, 'tokens.safetensors'))
    const ids = new Int32Array((await readTensorBytes(tensors.get('tokens')!)).buffer)
    expect(ids).toHaveLength(20_480 + 9_000)
    expect(ids.subarray(20_480).some((id) => id > 0)).toBe(true)
  })

  it('fills up in the teacher cache: keeps the whole chunks', async () => {
    await expect(withFullDisk(3.5 * chunkBytes, () => resumeConversion(run, options))).rejects.toMatchObject(
      diskFull(/cache.held-out.chunk-00003\.safetensors/),
    )
    expect(chunksIn(await files())).toEqual([0, 1, 2].map((i) => `cache/held-out/chunk-0000${i}.safetensors`))
  })

  it('needs room for the missing chunks only when it resumes; fills up at its checkpoint', async () => {
    const chunk = join(run, 'cache/held-out/chunk-00001.safetensors')
    const before = await stat(chunk)
    disk.freeBytes = 1.1 * (chunks - 3) * chunkBytes
    const room = (chunks - 3) * chunkBytes + 100_000
    await expect(withFullDisk(room, () => resumeConversion(run, options))).rejects.toMatchObject(
      diskFull(/checkpoints.step-00000032\.safetensors/),
    )
    disk.freeBytes = null
    expect((await stat(chunk)).ino).toBe(before.ino)
    const names = await files()
    expect(chunksIn(names)).toHaveLength(chunks)
    expect(names.filter((name) => name.startsWith('checkpoints/'))).toEqual([])
    expect(await runStatus(run)).toBe('paused')
  })

  it('resumes and finishes when there is room again', async () => {
    const result = await resumeConversion(run, options)
    expect(result).toMatchObject({ tokens: 8_192, steps: 32, agreement: { positions: 20_480 } })
    expect(await runStatus(run)).toBe('finished')
    const names = await files()
    expect(names).toEqual(
      expect.arrayContaining(['result.json', 'spellm/spellm.json', 'spellm/tail.safetensors']),
    )
    const steps = (await readFile(join(run, 'metrics.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; step: number })
      .filter(({ type }) => type === 'step')
      .map(({ step }) => step)
    expect(steps).toEqual(Array.from({ length: 32 }, (_, i) => i + 1))
  })
})
