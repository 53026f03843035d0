import type { ChunkRange } from '../distill/schedule.ts'
import { allChunks, fillTeacherCache, type TeacherCache } from '../distill/teacher-cache.ts'
import type { BaseModel } from '../models/base-model.ts'
import { createWindowSession } from '../models/trunk-session.ts'
import { ownTurn } from '../runtime/turns.ts'
import type { JobOptions } from './events.ts'
import type { RunSettings } from './settings.ts'

/** A text and where the teacher's states of it go. */
export interface Portion {
  readonly cache: TeacherCache
  readonly ids: Int32Array
}

export const positionsOf = ({ chunks, positionsPerChunk }: TeacherCache) => chunks * positionsPerChunk

/** The teacher reads some texts; chunks that are there stay. */
export async function fillCaches(
  base: BaseModel,
  { device }: Pick<RunSettings, 'device'>,
  {
    portions,
    windowsAtOnce,
    range,
  }: {
    readonly portions: readonly Portion[]
    readonly windowsAtOnce: number
    /** The chunks of each portion that are wanted; default: all. */
    readonly range?: ChunkRange
  },
  { onEvent, signal, turn = ownTurn }: JobOptions,
): Promise<void> {
  const wanted = (cache: TeacherCache) => range ?? allChunks(cache)
  const positionsIn = (cache: TeacherCache) =>
    (wanted(cache).to - wanted(cache).from) * cache.positionsPerChunk
  const total = portions.reduce((sum, { cache }) => sum + positionsIn(cache), 0)
  let before = 0
  for (const { cache, ids } of portions) {
    const openTeacher = (batch: number) =>
      createWindowSession(base, { batch, tokens: cache.shape.tokens, device: device })
    const onProgress = ({ chunk, done }: { chunk: number; done: number }) =>
      onEvent({
        type: 'progress',
        phase: 'cache',
        done: before + (chunk - wanted(cache).from) * cache.positionsPerChunk + done,
        total,
      })
    const onShortage = (windows: number) =>
      onEvent({
        type: 'notice',
        message: `Memory ran out: the base model continues with ${windows === 1 ? 'one window' : `${windows} windows`} of text at a time.`,
      })
    await fillTeacherCache(cache, ids, openTeacher, {
      windowsAtOnce,
      range: wanted(cache),
      onProgress,
      onShortage,
      turn,
      ...(signal ? { signal } : {}),
    })
    before += positionsIn(cache)
  }
}
