import type { BaseModel } from '../../models/base-model.ts'
import { openHeadRows } from '../../models/head-rows.ts'
import { seededRandom } from '../../base/random.ts'
import { largestIndex } from '../sampling.ts'
import { createVerifyingHead, type VerifyingHead } from '../verifying-head.ts'

/** Choices for all of `hidden`, 1 to 16 states at a time. */
export async function chooseInTurns(
  head: Pick<VerifyingHead, 'choices'>,
  hidden: Float32Array,
  d: number,
): Promise<number[]> {
  const choices: number[] = []
  for (let start = 0, rows = 1; start < hidden.length; start += rows * d, rows = (rows % 16) + 1)
    choices.push(...(await head.choices(hidden.slice(start, start + rows * d))))
  return choices
}

/** Random states [count · d] in which the best two tokens are equal but for rounding. */
export async function tiedStates(model: BaseModel, count: number): Promise<Float32Array> {
  const d = model.architecture.hiddenSize
  const random = seededRandom(5)
  const head = await createVerifyingHead(model)
  const rows = openHeadRows(model)
  const ties = new Float32Array(count * d)
  for (let i = 0; i < count; i++) {
    let state: Float32Array = Float32Array.from({ length: d }, () => 3 * random.normal())
    // Each time the best two are made equal, a third may come before them.
    for (let round = 0; round < 50; round++) {
      const logits = await head.logits(state)
      const [first, second] = twoLargest(logits)
      if (logits[first]! - logits[second]! < 1e-6 * Math.abs(logits[first]!)) break
      const both = rows.read([first, second])
      state = tiedState(state, both.subarray(0, d), both.subarray(d))
    }
    ties.set(state, i * d)
  }
  rows.close()
  await head.release()
  return ties
}

function twoLargest(logits: Float32Array): [number, number] {
  const first = largestIndex(logits)
  const second = largestIndex(logits.with(first, -Infinity))
  return [first, second]
}

/** A state in which two tokens' logits are equal but for rounding: h less what tells their rows a and b apart. */
function tiedState(hidden: Float32Array, a: Float32Array, b: Float32Array): Float32Array {
  let along = 0
  let square = 0
  for (let i = 0; i < a.length; i++) {
    const difference = a[i]! - b[i]!
    along += difference * hidden[i]!
    square += difference * difference
  }
  return hidden.map((value, i) => value - (along / square) * (a[i]! - b[i]!))
}
