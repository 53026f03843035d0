import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { CancelledError } from '../base/errors.ts'
import { float16ToFloat32, float32ToFloat16 } from '../formats/half.ts'
import { openSafetensors, readTensorBytes, writeSafetensors } from '../formats/safetensors.ts'
import type { BaseDistribution } from '../models/base-distribution.ts'
import { seededRandom } from '../base/random.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import {
  drawsPerPosition,
  emptyTargets,
  setTargets,
  type Objective,
  type PositionTargets,
  type VocabularyGroups,
} from './position-targets.ts'
import type { ChunkRange } from './schedule.ts'
import { allChunks, filesIn, missingFiles, readChunk, type TeacherCache } from './teacher-cache.ts'
import { chunkName, damaged } from './teacher-chunk.ts'

/** What decides the targets in addition to the cached states. */
interface TargetSettings {
  readonly objective: Objective
  readonly seed: number
}

/**
 * The targets of a teacher cache, next to its chunks: `targets-NNNNN.safetensors`, each written whole or not at all. They
 * are computed once from states and LM head, since V probabilities a position would fit no disk.
 */
export interface TargetCache {
  readonly cache: TeacherCache
  readonly groups: VocabularyGroups
  readonly settings: TargetSettings
}

/**
 * Computes the targets of all chunks that have none yet.
 *
 * @param range the chunks that are wanted; default: all
 * @param onProgress called with the positions done and in all, of the range
 * @throws CancelledError when the signal fires, SpellmError 'disk-full'; what is written stays
 */
export async function fillTargets(
  { cache, groups, settings }: TargetCache,
  openBase: () => Promise<BaseDistribution>,
  {
    range = allChunks(cache),
    onProgress,
    signal,
    turn = ownTurn,
  }: {
    readonly range?: ChunkRange
    readonly onProgress?: (done: number, total: number) => void
    readonly signal?: AbortSignal | undefined
    readonly turn?: Turn
  } = {},
): Promise<void> {
  const identity = identityOf(groups, settings)
  const missing = await missingTargets(cache, range, identity)
  if (missing.length === 0) return
  const base = await openBase()
  const size = cache.positionsPerChunk
  const chunks = range.to - range.from
  const d = cache.shape.hiddenSize
  try {
    for (const [i, chunk] of missing.entries()) {
      const { hidden } = await readChunk(cache, chunk)
      const targets = emptyTargets(size, groups.groups)
      const random = seededRandom(settings.seed * 1_000_003 + chunk)
      for (let start = 0; start < size; start += base.rows) {
        if (signal?.aborted) throw new CancelledError()
        const end = Math.min(size, start + base.rows)
        await turn(async () => {
          const read = await base.read(hidden.subarray(start * d, end * d))
          const width = read.probabilities.length / (end - start)
          for (let row = 0; row < end - start; row++)
            setTargets(
              targets,
              start + row,
              groups,
              {
                probabilities: read.probabilities.subarray(row * width, (row + 1) * width),
                logNormalizer: read.logNormalizers[row]!,
                choice: read.choices[row]!,
              },
              { objective: settings.objective, random },
            )
        })
        onProgress?.((chunks - missing.length + i) * size + end, chunks * size)
        // onnxruntime runs on this thread: let signals and timers in between.
        await setImmediate()
      }
      await writeTargets(pathOf(cache, chunk), targets, groups.groups, identity)
    }
  } finally {
    await base.release()
  }
}

const targetsName = (chunk: number) => chunkName(chunk).replace('chunk', 'targets')
const pathOf = ({ folder }: TeacherCache, chunk: number) => join(folder, targetsName(chunk))

/** Until version 2, exact sums were what the spelled ones left of 1. */
const targetsVersion = 2

/** Targets of other symbols, or of another objective or version, are not ours. */
function identityOf({ groups, groupOf }: VocabularyGroups, { objective, seed }: TargetSettings): string {
  return createHash('sha256')
    .update(`${objective} ${seed} ${groups} ${drawsPerPosition} ${targetsVersion}`)
    .update(new Uint8Array(groupOf.buffer, groupOf.byteOffset, groupOf.byteLength))
    .digest('hex')
}

/** Removes all targets that are stored next to the chunks of a cache: they can be computed again at any time. */
export async function removeTargets(folder: string): Promise<void> {
  for (const name of await filesIn(folder))
    if (/^targets-\d+\.safetensors$/.test(name)) await rm(join(folder, name), { force: true })
}

const metadataSchema = z.object({ identity: z.string() })

function missingTargets(cache: TeacherCache, range: ChunkRange, identity: string): Promise<number[]> {
  return missingFiles(cache, range, targetsName, async (chunk) => {
    const { metadata } = await openSafetensors(pathOf(cache, chunk))
    return metadataSchema.safeParse(metadata).data?.identity === identity
  })
}

async function writeTargets(
  path: string,
  { first, exactLogSum, offset, draws }: PositionTargets,
  groups: number,
  identity: string,
): Promise<void> {
  const positions = exactLogSum.length
  await writeSafetensors(
    path,
    {
      // A probability below float16's least teaches nothing.
      first: { dtype: 'F16', shape: [positions, groups], data: float32ToFloat16(first) },
      exactLogSum: { dtype: 'F32', shape: [positions], data: exactLogSum },
      offset: { dtype: 'F32', shape: [positions], data: offset },
      draws: { dtype: 'I32', shape: [positions, drawsPerPosition], data: draws },
    },
    { identity },
  )
}

/**
 * Reads the targets of a chunk. The probabilities stay in float16.
 *
 * @throws SpellmError 'file-not-found' | 'file-invalid'
 */
export async function readTargets(
  { cache, groups }: TargetCache,
  chunk: number,
): Promise<Omit<PositionTargets, 'first'> & { readonly first: Uint16Array }> {
  const path = pathOf(cache, chunk)
  const { tensors } = await openSafetensors(path)
  const positions = cache.positionsPerChunk
  const bytes = async (name: string, elements: number, size: number) => {
    const entry = tensors.get(name)
    if (entry?.byteLength !== elements * size) throw damaged(path)
    return (await readTensorBytes(entry)).buffer
  }
  return {
    first: new Uint16Array(await bytes('first', positions * groups.groups, 2)),
    exactLogSum: new Float32Array(await bytes('exactLogSum', positions, 4)),
    offset: new Float32Array(await bytes('offset', positions, 4)),
    draws: new Int32Array(await bytes('draws', positions * drawsPerPosition, 4)),
  }
}

/** The mean over some positions of the first symbols' probabilities, [A]: how often each is needed. */
export function meanFirst(first: Uint16Array, groups: number): Float32Array {
  const wide = float16ToFloat32(first)
  const mean = new Float32Array(groups)
  for (let i = 0; i < wide.length; i++) mean[i % groups]! += wide[i]!
  const positions = wide.length / groups
  return mean.map((sum) => sum / positions)
}
