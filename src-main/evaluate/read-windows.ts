import { teacherCacheShape } from '../distill/teacher-cache.ts'
import type { BaseModel } from '../models/base-model.ts'
import type { Device } from '../runtime/devices/device.ts'
import { createReferenceSession, type Reading } from './reference-session.ts'

/** Windows that are read at once: more cost memory and save no time. */
const maxWindowsAtOnce = 4

/** A window of a text, the tokens from `from` to before `to`, and what the base model makes of them. */
export interface ReadWindow {
  readonly from: number
  readonly to: number
  readonly ids: Int32Array
  readonly reading: Reading
}

/**
 * Reads a text's windows, which know nothing of one another, several at once.
 *
 * @param validTokens of the tokenizer
 */
export async function* readWindows(
  base: BaseModel,
  ids: Int32Array,
  validTokens: number,
  device: Device,
): AsyncGenerator<ReadWindow> {
  const { batch: most, tokens, hiddenSize } = teacherCacheShape(base.architecture)
  const batch = Math.min(most, maxWindowsAtOnce)
  const reference = await createReferenceSession(base, { batch, tokens, validTokens, device })
  try {
    for (let start = 0; start < ids.length; start += batch * tokens) {
      // What is filled up behind the text's end is read but not looked at.
      const read = new Int32Array(batch * tokens)
      read.set(ids.subarray(start, start + read.length))
      const reading = await reference.read(read)
      for (let window = 0; window < batch; window++) {
        const from = start + window * tokens
        const to = Math.min(ids.length, from + tokens)
        if (from >= to) continue
        const own = partOf(reading, window * tokens, to - from, hiddenSize)
        yield { from, to, ids: ids.subarray(from, to), reading: own }
      }
    }
  } finally {
    await reference.release()
  }
}

function partOf(
  { hidden, choices, choiceLogProbabilities, nextLogProbabilities }: Reading,
  from: number,
  count: number,
  hiddenSize: number,
): Reading {
  const to = from + count
  return {
    hidden: hidden.subarray(from * hiddenSize, to * hiddenSize),
    choices: choices.subarray(from, to),
    choiceLogProbabilities: choiceLogProbabilities.subarray(from, to),
    nextLogProbabilities: nextLogProbabilities.subarray(from, to),
  }
}
