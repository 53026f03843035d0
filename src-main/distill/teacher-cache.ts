import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { CancelledError, describeSystemError, SpellmError } from '../base/errors.ts'
import { removeStaleTemporaryFiles } from '../base/atomic-file.ts'
import type { Architecture } from '../models/architecture.ts'
import type { WindowSession } from '../models/trunk-session.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import type { ChunkRange } from './schedule.ts'
import {
  checksumOf,
  chunkName,
  openChunk,
  writeChunk,
  type ChunkPlace,
  type StoredPositions,
} from './teacher-chunk.ts'

export interface TeacherCacheShape {
  /** Windows that the teacher reads at once. */
  readonly batch: number
  /** Tokens of a window. */
  readonly tokens: number
  /** d. */
  readonly hiddenSize: number
}

const windowTokens = 256
const maxWindowsAtOnce = 8
/** Logits of one teacher batch, in bytes. */
const maxLogitsBytes = 512 * 2 ** 20

/** What a teacher reads at once: as many windows as its logits leave room for. */
export function teacherCacheShape({
  hiddenSize,
  vocabularySize,
  contextLength,
}: Architecture): TeacherCacheShape {
  const tokens = Math.min(windowTokens, contextLength)
  const fitting = Math.floor(maxLogitsBytes / (4 * vocabularySize * tokens))
  return { batch: Math.max(1, Math.min(maxWindowsAtOnce, fitting)), tokens, hiddenSize }
}

/** Batches in a chunk: about 16 k positions, so that a stop costs seconds and a chunk fits memory many times. */
const batchesPerChunk = 8

/**
 * A cache on disk, `chunk-NNNNN.safetensors`, each written atomically and checksummed. A chunk that is there
 * and whole is never computed again, so a killed process loses one chunk of work.
 */
export interface TeacherCache {
  readonly folder: string
  readonly shape: TeacherCacheShape
  /** Number of chunks that the text makes. */
  readonly chunks: number
  /** Chunks that are on disk at once, a window of the text; absent: all. */
  readonly chunksPerWindow?: number
  readonly positionsPerChunk: number
}

/** All chunks of a cache. */
export const allChunks = ({ chunks }: Pick<TeacherCache, 'chunks'>): ChunkRange => ({ from: 0, to: chunks })

/** The chunks that `windows` windows fill; a rest that fills no chunk is left out. */
export function planTeacherCache(folder: string, shape: TeacherCacheShape, windows: number): TeacherCache {
  const chunks = Math.floor(windows / (shape.batch * batchesPerChunk))
  return { folder, shape, chunks, positionsPerChunk: batchesPerChunk * shape.batch * shape.tokens }
}

/** The maximum number of positions that are on disk at once. */
export function positionsOnDisk({
  chunks,
  chunksPerWindow = chunks,
  positionsPerChunk,
}: TeacherCache): number {
  return Math.min(chunks, chunksPerWindow) * positionsPerChunk
}

/** Bytes that a cache takes on disk. */
export function teacherCacheBytes(cache: TeacherCache): number {
  return positionsOnDisk(cache) * positionBytes(cache.shape)
}

/** Bytes of one position on disk. */
export const positionBytes = ({ hiddenSize }: Pick<TeacherCacheShape, 'hiddenSize'>) => 2 * hiddenSize + 8

/** Names of what is in a cache's folder; none without a folder. Throws SpellmError for errors of the operating system. */
export async function filesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw describeSystemError(error, folder)
  })
}

/** The chunks that are on disk, in order. */
export async function presentChunks({ folder, chunks }: TeacherCache): Promise<number[]> {
  const present = new Set(await filesIn(folder))
  return Array.from({ length: chunks }, (_, chunk) => chunk).filter((chunk) => present.has(chunkName(chunk)))
}

/** Bytes that filling a cache will still take on disk. */
export async function missingCacheBytes(cache: TeacherCache): Promise<number> {
  const there = (await presentChunks(cache)).length
  const missing = positionsOnDisk(cache) - there * cache.positionsPerChunk
  return Math.max(0, missing) * positionBytes(cache.shape)
}

export interface CacheProgress {
  readonly chunk: number
  /** Positions of this chunk that are done. */
  readonly done: number
}

/**
 * Fills the cache: every chunk that isn't there yet is computed from its windows and written.
 *
 * Where memory runs out, the teacher reads half as many windows at once, down to one: what it says of a window
 * does not depend on the others.
 *
 * @param ids the text's tokens, window after window [chunks · positionsPerChunk]
 * @throws SpellmError 'disk-full' | 'permission-denied' | 'out-of-memory' (one window is too much); CancelledError
 *   when the signal fires. What is written stays and is used the next time.
 */
export async function fillTeacherCache(
  cache: TeacherCache,
  ids: Int32Array,
  openTeacher: (windows: number) => Promise<WindowSession>,
  {
    windowsAtOnce = cache.shape.batch,
    range = allChunks(cache),
    onProgress,
    onShortage,
    signal,
    turn = ownTurn,
  }: {
    /** A divisor of the shape's batch. */
    readonly windowsAtOnce?: number
    /** The chunks that are wanted; default: all. */
    readonly range?: ChunkRange
    readonly onProgress?: (progress: CacheProgress) => void
    /** Memory ran out, and the teacher continues with that many windows at once. */
    readonly onShortage?: (windows: number) => void
    readonly signal?: AbortSignal
    /** Shares the engine's thread: each batch computes in a turn of its own. */
    readonly turn?: Turn
  } = {},
): Promise<void> {
  const { folder, shape, positionsPerChunk } = cache
  await openCacheFolder(folder)
  const textOf = (chunk: number) => textChecksum(cache, chunk, ids)
  const missing = await missingChunks(cache, textOf, range)
  if (missing.length === 0) return
  const teacher = createPatientTeacher(openTeacher, windowsAtOnce, onShortage)
  try {
    for (const chunk of missing) {
      const hidden = new Uint16Array(positionsPerChunk * shape.hiddenSize)
      const choices = new Int32Array(positionsPerChunk)
      const logZ = new Float32Array(positionsPerChunk)
      for (let done = 0; done < positionsPerChunk;) {
        if (signal?.aborted) throw new CancelledError()
        const start = chunk * positionsPerChunk + done
        const rest = ids.subarray(start, start + positionsPerChunk - done)
        const result = await turn(() => teacher.forward(rest, shape.tokens))
        requireFinite(result.hidden)
        hidden.set(result.hidden, done * shape.hiddenSize)
        choices.set(result.choices, done)
        logZ.set(result.logZ, done)
        done += result.choices.length
        onProgress?.({ chunk, done })
        // onnxruntime runs on this thread: let signals and timers in between.
        await setImmediate()
      }
      await writeChunk(chunkPlace(cache, chunk), textOf(chunk), { hidden, choices, logZ })
    }
  } finally {
    await teacher.release()
  }
}

/** A teacher that reads fewer windows at once when memory runs out. */
function createPatientTeacher(
  openTeacher: (windows: number) => Promise<WindowSession>,
  windowsAtOnce: number,
  onShortage?: (windows: number) => void,
) {
  let windows = windowsAtOnce
  let session: WindowSession | null = null
  const release = async () => {
    const released = session
    session = null
    await released?.release()
  }
  /** Reads as many windows of `tokens` tokens from the beginning of `ids` as memory allows. */
  const forward = async (ids: Int32Array, tokens: number): ReturnType<WindowSession['forward']> => {
    try {
      session ??= await openTeacher(windows)
      return await session.forward(ids.subarray(0, windows * tokens))
    } catch (error) {
      if (!(error instanceof SpellmError && error.code === 'out-of-memory') || windows === 1) throw error
    }
    await release()
    windows = largestDivisor(windows, Math.floor(windows / 2))
    onShortage?.(windows)
    return forward(ids, tokens)
  }
  return { forward, release }
}

/** The largest divisor of `value` that is not larger than `limit`. */
export function largestDivisor(value: number, limit: number): number {
  let divisor = Math.max(1, Math.min(value, limit))
  while (value % divisor !== 0) divisor--
  return divisor
}

/**
 * Reads a chunk and checks it.
 *
 * @returns positions, with more than states and choices where the chunk holds more
 * @throws SpellmError 'file-not-found' | 'file-invalid'
 */
export async function readChunk(cache: TeacherCache, chunk: number): Promise<StoredPositions> {
  return (await openChunk(chunkPlace(cache, chunk))).positions
}

/** The path of a chunk of the cache, and what it must hold. */
export function chunkPlace({ folder, shape, positionsPerChunk }: TeacherCache, chunk: number): ChunkPlace {
  return { folder, chunk, positions: positionsPerChunk, hiddenSize: shape.hiddenSize }
}

/** Removes what a cache holds of chunks that are not in a range: they can be made again at any time. */
export async function removeOtherChunks(folder: string, { from, to }: ChunkRange): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const chunk = /^(?:chunk|targets)-(\d+)\.safetensors$/.exec(name)?.[1]
    if (chunk !== undefined && (Number(chunk) < from || Number(chunk) >= to))
      await rm(join(folder, name), { force: true })
  }
}

/** Removes the cache's folder: it can be made again at any time. */
export async function deleteTeacherCache(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}

/**
 * Chunks that aren't there, are of other text, are damaged, or were written before logZ was; all but the first are
 * removed.
 *
 * @param textOf what tells which text a chunk is of
 */
export async function missingChunks(
  cache: TeacherCache,
  textOf: (chunk: number) => string,
  range = allChunks(cache),
): Promise<number[]> {
  return missingFiles(cache, range, chunkName, async (chunk) => {
    const { text, positions } = await openChunk(chunkPlace(cache, chunk))
    return text === textOf(chunk) && positions.logZ !== undefined
  })
}

/**
 * The chunks of a cache whose file of some name isn't there, isn't wanted, or is damaged; the latter two are removed.
 *
 * @param isWanted opens a file that is there; one that it throws SpellmError 'file-invalid' for isn't wanted
 */
export async function missingFiles(
  { folder }: Pick<TeacherCache, 'folder'>,
  { from, to }: ChunkRange,
  nameOf: (chunk: number) => string,
  isWanted: (chunk: number) => Promise<boolean>,
): Promise<number[]> {
  const present = new Set(await readdir(folder))
  const missing: number[] = []
  for (let chunk = from; chunk < to; chunk++) {
    const name = nameOf(chunk)
    if (present.has(name)) {
      if (await isWhole(() => isWanted(chunk))) continue
      await rm(join(folder, name), { force: true })
    }
    missing.push(chunk)
  }
  return missing
}

async function isWhole(isWanted: () => Promise<boolean>): Promise<boolean> {
  try {
    return await isWanted()
  } catch (error) {
    if (error instanceof SpellmError && error.code === 'file-invalid') return false
    throw error
  }
}

/** Makes the cache's folder and clears what a killed process left half-written. */
export async function openCacheFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true })
  } catch (error) {
    throw describeSystemError(error, folder)
  }
  await removeStaleTemporaryFiles(folder)
}

function textChecksum({ positionsPerChunk }: TeacherCache, chunk: number, ids: Int32Array): string {
  return checksumOf(ids.subarray(chunk * positionsPerChunk, (chunk + 1) * positionsPerChunk)).toString(16)
}

/** A float16 with all exponent bits set is an infinity or NaN. */
function requireFinite(hidden: Uint16Array): void {
  for (let i = 0; i < hidden.length; i++)
    if ((hidden[i]! & 0x7c00) === 0x7c00)
      throw new SpellmError(
        'model-invalid',
        "The base model's hidden states hold NaN, infinity, or values beyond float16's range (65,504).",
        'The weights may be damaged: download them again or choose another checkpoint.',
      )
}
