import { teacherCacheShape } from '../distill/teacher-cache.ts'
import type { BaseModel } from '../models/base-model.ts'
import type { Device } from '../runtime/devices/device.ts'
import { createReferenceSession, type Reading } from './reference-session.ts'

/** Windows that are read at once: more cost memory and save no time. */
const maxWindowsAtOnce = 4

/** A piece of a text that is read by itself. */
export interface TextWindow {
  readonly ids: Int32Array
  /** 1 for each position that is looked at, [n]; null: all are. The others are only read. */
  readonly isCounted: Uint8Array | null
}

/** A window of a text, and what the base model makes of it. */
export interface ReadWindow extends TextWindow {
  readonly reading: Reading
}

/** Cuts a text into windows of `tokens` tokens; the last one may be shorter. */
export function windowsOf(ids: Int32Array, tokens: number): TextWindow[] {
  return Array.from({ length: Math.ceil(ids.length / tokens) }, (_, window) => ({
    ids: ids.subarray(window * tokens, (window + 1) * tokens),
    isCounted: null,
  }))
}

/**
 * Reads windows, which know nothing of one another, several at once.
 *
 * @param validTokens of the tokenizer
 */
export async function* readWindows(
  base: BaseModel,
  windows: readonly TextWindow[],
  validTokens: number,
  device: Device,
): AsyncGenerator<ReadWindow> {
  const { batch: most, hiddenSize } = teacherCacheShape(base.architecture)
  const batch = Math.min(most, maxWindowsAtOnce)
  const tokens = windows.reduce((longest, { ids }) => Math.max(longest, ids.length), 1)
  const reference = await createReferenceSession(base, { batch, tokens, validTokens, device })
  try {
    for (let start = 0; start < windows.length; start += batch) {
      const together = windows.slice(start, start + batch)
      // What is filled up behind a window's end is read but not looked at.
      const read = new Int32Array(batch * tokens)
      together.forEach(({ ids }, place) => read.set(ids, place * tokens))
      const reading = await reference.read(read)
      for (const [place, window] of together.entries())
        yield { ...window, reading: partOf(reading, place * tokens, window.ids.length, hiddenSize) }
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
