import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { loopPositions } from '../../src-main/evaluate/loops.ts'
import { openSafetensors, readTensorBytes } from '../../src-main/formats/safetensors.ts'
import type { RecordedDoubts } from '../../src-main/spellm/doubts.ts'

/**
 * Doubts without the positions that come after a 16-gram which occurred before in their text: what is left of a text counts as
 * one. Which these are, a run's teacher cache of held-out answers tells.
 *
 * @param run its folder
 * @returns null where the run has no such cache any more, or it is of another SpeLLM
 */
export async function loopFreeDoubts(run: string, recorded: RecordedDoubts): Promise<RecordedDoubts | null> {
  const folder = join(run, 'cache', 'held-out')
  const names = await readdir(folder).catch(() => [])
  const isLoop: number[] = []
  for (const name of names.filter((name) => name.startsWith('chunk-')).sort())
    isLoop.push(...(await loopsOfAnswers(join(folder, name))))
  return isLoop.length === recorded.doubts.length ? withoutLoops(recorded, isLoop) : null
}

/** Of each position of a chunk's answers whether it repeats its conversation. */
async function loopsOfAnswers(chunk: string): Promise<number[]> {
  const { tensors } = await openSafetensors(chunk)
  const bytes = async (name: string) => (await readTensorBytes(tensors.get(name)!)).buffer
  const ids = new Int32Array(await bytes('ids'))
  const starts = new Int32Array(await bytes('starts'))
  const inAnswer = new Uint8Array(await bytes('inAnswer'))
  const found: number[] = []
  for (let start = 0, end = 1; end <= ids.length; end++)
    if (end === ids.length || starts[end] !== starts[start]) {
      const loops = loopPositions(ids.subarray(start, end))
      found.push(...loops.filter((_, i) => inAnswer[start + i] === 1))
      start = end
    }
  return found
}

function withoutLoops(
  { lengths, doubts, isRight }: RecordedDoubts,
  isLoop: readonly number[],
): RecordedDoubts {
  const kept: number[] = []
  const left: number[] = []
  let start = 0
  for (const length of lengths) {
    const own = Array.from({ length }, (_, i) => start + i).filter((at) => isLoop[at] === 0)
    start += length
    kept.push(...own)
    if (own.length > 0) left.push(own.length)
  }
  return {
    lengths: Int32Array.from(left),
    doubts: Float32Array.from(kept, (at) => doubts[at]!),
    isRight: Uint8Array.from(kept, (at) => isRight[at]!),
  }
}
