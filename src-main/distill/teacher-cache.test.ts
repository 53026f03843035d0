import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CancelledError, SpellmError } from '../base/errors.ts'
import type { Architecture } from '../models/architecture.ts'
import type { WindowSession } from '../models/trunk-session.ts'
import { withFullDisk } from '../runs/testing/faults.ts'
import { filesBelow, temporaryFolder } from '../runs/testing/temporary-folder.ts'
import {
  fillTeacherCache,
  missingCacheBytes,
  planTeacherCache,
  readChunk,
  teacherCacheShape,
  type TeacherCache,
} from './teacher-cache.ts'

const shape = { batch: 2, tokens: 4, hiddenSize: 8 }
const chunks = 4
const ids = Int32Array.from({ length: 300 }, (_, i) => (i * 37) % 101)

const plan = (folder: string) => planTeacherCache(join(folder, 'cache'), shape, chunks * 16)

/** A teacher whose answers are functions of the token; it keeps account of what it was asked. */
function teacher() {
  const asked: number[][] = []
  let open = 0
  const session: WindowSession = {
    forward: (tokens) => {
      asked.push([...tokens])
      return Promise.resolve({
        hidden: Uint16Array.from({ length: tokens.length * 8 }, (_, i) => hiddenOf(tokens[i >> 3]!, i % 8)),
        choices: tokens.map((token) => token + 1),
        logZ: Float32Array.from(tokens, (token) => token / 4),
      })
    },
    release: () => {
      open--
      return Promise.resolve()
    },
  }
  const openTeacher = () => {
    open++
    return Promise.resolve(session)
  }
  return { openTeacher, asked, isOpen: () => open > 0 }
}

const hiddenOf = (token: number, column: number) => token * 8 + column

async function expectWhole(cache: TeacherCache, text = ids): Promise<void> {
  for (let chunk = 0; chunk < cache.chunks; chunk++) {
    const own = text.subarray(chunk * 64, (chunk + 1) * 64)
    const { hidden, choices, logZ } = await readChunk(cache, chunk)
    expect(logZ).toEqual(Float32Array.from(own, (token) => token / 4))
    expect(choices).toEqual(own.map((token) => token + 1))
    expect(hidden).toEqual(Uint16Array.from({ length: 512 }, (_, i) => hiddenOf(own[i >> 3]!, i % 8)))
  }
  expect(await filesBelow(cache.folder)).toEqual(
    [0, 1, 2, 3].map((chunk) => `chunk-0000${chunk}.safetensors`),
  )
}

describe('a teacher that runs out of memory', () => {
  const wide = { ...shape, batch: 6 }
  const text = Int32Array.from({ length: 2 * 8 * 6 * 4 }, (_, i) => (i * 37) % 101)
  const shortage = () => new SpellmError('out-of-memory', 'No room.', 'Make some.')

  /** Has room for so many windows; where it has none, it fails when opened or when it reads. */
  function cramped(room: number, failsAt: 'opening' | 'reading') {
    const { openTeacher, isOpen } = teacher()
    const opened: number[] = []
    const open = async (windows: number): Promise<WindowSession> => {
      opened.push(windows)
      if (windows > room && failsAt === 'opening') throw shortage()
      const session = await openTeacher()
      return {
        ...session,
        forward: (tokens) =>
          tokens.length > room * wide.tokens ? Promise.reject(shortage()) : session.forward(tokens),
      }
    }
    return { open, opened, isOpen }
  }

  it.each(['opening', 'reading'] as const)('when %s resumes with fewer windows at once', async (failsAt) => {
    const cache = planTeacherCache(join(await temporaryFolder(), 'cache'), wide, 2 * 8 * 6)
    const { open, opened, isOpen } = cramped(2, failsAt)
    const told: number[] = []
    await fillTeacherCache(cache, text, open, { onShortage: (windows) => told.push(windows) })
    // Half of 6, then the next that 3 can be parted into.
    expect(opened).toEqual([6, 3, 1])
    expect(told).toEqual([3, 1])
    expect(isOpen()).toBe(false)
    const { choices } = await readChunk(cache, 1)
    expect(choices).toEqual(text.subarray(192, 384).map((token) => token + 1))
  })

  it('begins with as many windows as it is told to', async () => {
    const cache = planTeacherCache(join(await temporaryFolder(), 'cache'), wide, 2 * 8 * 6)
    const { open, opened } = cramped(3, 'opening')
    await fillTeacherCache(cache, text, open, { windowsAtOnce: 3 })
    expect(opened).toEqual([3])
  })

  it('gives up where one window is too much', async () => {
    const cache = planTeacherCache(join(await temporaryFolder(), 'cache'), wide, 2 * 8 * 6)
    const { open, isOpen } = cramped(0, 'reading')
    await expect(fillTeacherCache(cache, text, open)).rejects.toMatchObject({ code: 'out-of-memory' })
    expect(isOpen()).toBe(false)
  })
})

describe('filling a teacher cache', () => {
  it('asks the teacher about each window once, and keeps what it says', async () => {
    const cache = plan(await temporaryFolder())
    const { openTeacher, asked, isOpen } = teacher()
    const progress: number[] = []
    await fillTeacherCache(cache, ids, openTeacher, {
      onProgress: ({ chunk, done }) => progress.push(chunk * cache.positionsPerChunk + done),
    })
    expect(asked.flat()).toEqual([...ids.subarray(0, 256)])
    expect(progress).toEqual(Array.from({ length: 32 }, (_, i) => 8 * (i + 1)))
    expect(isOpen()).toBe(false)
    await expectWhole(cache)
  })

  it('again asks nothing', async () => {
    const cache = plan(await temporaryFolder())
    await fillTeacherCache(cache, ids, teacher().openTeacher)
    const { openTeacher, asked } = teacher()
    await fillTeacherCache(cache, ids, openTeacher)
    expect(asked).toEqual([])
  })

  it.each<[string, (chunk: string) => Promise<unknown>]>([
    ['is cut short', (chunk) => truncate(chunk, 700)],
    ['is empty', (chunk) => truncate(chunk, 0)],
    [
      'has a wrong bit',
      async (chunk) => {
        const bytes = await readFile(chunk)
        bytes[bytes.length - 5]! ^= 4
        await writeFile(chunk, bytes)
      },
    ],
    ['is another chunk', async (chunk) => writeFile(chunk, await readFile(chunk.replace('00002', '00001')))],
  ])('makes a chunk again that %s', async (_, damage) => {
    const cache = plan(await temporaryFolder())
    await fillTeacherCache(cache, ids, teacher().openTeacher)
    await damage(join(cache.folder, 'chunk-00002.safetensors'))
    const { openTeacher, asked } = teacher()
    await fillTeacherCache(cache, ids, openTeacher)
    expect(asked.flat()).toEqual([...ids.subarray(128, 192)])
    await expectWhole(cache)
  })

  it('makes the chunks of changed text again', async () => {
    const cache = plan(await temporaryFolder())
    await fillTeacherCache(cache, ids, teacher().openTeacher)
    const changed = ids.slice()
    changed[70] = 5
    const { openTeacher, asked } = teacher()
    await fillTeacherCache(cache, changed, openTeacher)
    expect(asked.flat()).toEqual([...changed.subarray(64, 128)])
    await expectWhole(cache, changed)
  })

  it('stops when the signal fires, and resumes after the last whole chunk', async () => {
    const cache = plan(await temporaryFolder())
    const controller = new AbortController()
    const first = teacher()
    const filling = fillTeacherCache(cache, ids, first.openTeacher, {
      onProgress: ({ chunk }) => {
        if (chunk === 2) controller.abort()
      },
      signal: controller.signal,
    })
    await expect(filling).rejects.toThrow(CancelledError)
    expect(first.isOpen()).toBe(false)
    expect(await readdir(cache.folder)).toHaveLength(2)
    const { openTeacher, asked } = teacher()
    await fillTeacherCache(cache, ids, openTeacher)
    expect(asked.flat()).toEqual([...ids.subarray(128, 256)])
    await expectWhole(cache)
  })

  it('refuses hidden states that are not finite', async () => {
    const cache = plan(await temporaryFolder())
    const { openTeacher } = teacher()
    const broken = async (): Promise<WindowSession> => {
      const session = await openTeacher()
      return {
        ...session,
        forward: async (tokens) => {
          const answer = await session.forward(tokens)
          answer.hidden[9] = 0xfe00
          return answer
        },
      }
    }
    await expect(fillTeacherCache(cache, ids, broken)).rejects.toMatchObject({ code: 'model-invalid' })
    expect(await readdir(cache.folder)).toEqual([])
  })
})

describe('on a full disk, filling a teacher cache', () => {
  /** Room for a number of chunks, and for a part of the next. */
  const bytesOfChunk = async () => {
    const cache = plan(await temporaryFolder())
    await fillTeacherCache(cache, ids, teacher().openTeacher)
    return (await stat(join(cache.folder, 'chunk-00000.safetensors'))).size
  }

  it.each([0, 0.1, 0.9, 1.5, 2.99, 3.5])(
    'with room for %d chunks says so, leaves whole chunks only, and resumes later',
    async (room) => {
      const bytes = Math.floor(room * (await bytesOfChunk()))
      const cache = plan(await temporaryFolder())
      const first = teacher()
      await expect(
        withFullDisk(bytes, () => fillTeacherCache(cache, ids, first.openTeacher)),
      ).rejects.toMatchObject({
        code: 'disk-full',
        message: expect.stringContaining(cache.folder) as string,
        remedy: expect.stringContaining('Free some disk space') as string,
      })
      expect(first.isOpen()).toBe(false)
      const whole = Math.floor(room)
      expect(await readdir(cache.folder)).toHaveLength(whole)
      for (let chunk = 0; chunk < whole; chunk++) await readChunk(cache, chunk)

      const { openTeacher, asked } = teacher()
      await fillTeacherCache(cache, ids, openTeacher)
      expect(asked.flat()).toEqual([...ids.subarray(whole * 64, 256)])
      await expectWhole(cache)
    },
  )
})

describe('the bytes that a cache will still take', () => {
  it('are those of its missing chunks', async () => {
    const folder = await temporaryFolder()
    const cache = plan(folder)
    // Eight float16 numbers, an int32 and a float32 for each of 64 positions.
    expect(await missingCacheBytes(cache)).toBe(4 * 64 * 24)
    await fillTeacherCache({ ...cache, chunks: 3 }, ids, teacher().openTeacher)
    expect(await missingCacheBytes(cache)).toBe(64 * 24)
    const size = async (chunk: string) => (await stat(join(cache.folder, chunk))).size
    expect(await size('chunk-00001.safetensors')).toBeGreaterThanOrEqual(64 * 24)
  })
})

describe('what a teacher reads at once', () => {
  const shapeFor = (sizes: Partial<Architecture>) =>
    teacherCacheShape({ hiddenSize: 64, vocabularySize: 4096, contextLength: 2048, ...sizes } as Architecture)

  it('is eight windows of 256 tokens, or of the context where that is shorter', () => {
    expect(shapeFor({})).toEqual({ batch: 8, tokens: 256, hiddenSize: 64 })
    expect(shapeFor({ contextLength: 100 })).toEqual({ batch: 8, tokens: 100, hiddenSize: 64 })
  })

  it('is fewer windows where their logits would take more than half a gigabyte, and at least one', () => {
    // 4 bytes · 256 tokens · 128,256 entries are 131 MB a window.
    expect(shapeFor({ vocabularySize: 128_256 }).batch).toBe(4)
    expect(shapeFor({ vocabularySize: 4_000_000 }).batch).toBe(1)
  })
})
