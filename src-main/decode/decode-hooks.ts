import type { TrunkSession } from '../models/trunk-session.ts'
import type { WholeHead } from './whole-head.ts'

/** Called while a text is written. */
export interface DecodeHooks {
  /** Each time the trunk is read, for a token, those of a word or (a piece of) the prompt. */
  readonly onTrunkPass?: (() => void) | undefined
  /** Each time the base model's LM head is read whole, with the number of states that it is read for at once. */
  readonly onHeadPass?: ((rows: number) => void) | undefined
  /** Each time states were scored again because rounding could have decided. */
  readonly onRescored?: ((rows: number) => void) | undefined
  /** Each token that was spelled, by a SpeLLM that has token symbols. */
  readonly onSpelled?: (() => void) | undefined
  /** What a user should know of how a text is written, once: that lossless mode doesn't pay. */
  readonly onNotice?: ((message: string) => void) | undefined
}

/** A head that tells of each pass. */
export function watchedHead(head: WholeHead, { onHeadPass, onRescored }: DecodeHooks): WholeHead {
  if (!onHeadPass && !onRescored) return head
  const told =
    <Result>(read: (hidden: Float32Array) => Promise<Result>) =>
    async (hidden: Float32Array) => {
      const before = head.rescored
      const result = await read(hidden)
      onHeadPass?.(hidden.length / head.hiddenSize)
      if (head.rescored > before) onRescored?.(head.rescored - before)
      return result
    }
  return {
    ...head,
    choices: told((hidden) => head.choices(hidden)),
    logits: told((hidden) => head.logits(hidden)),
    greedy: told((hidden) => head.greedy(hidden)),
    greedyRows: told((hidden) => head.greedyRows(hidden)),
  }
}

/** A trunk that tells of each pass. */
export function watchedTrunk(trunk: TrunkSession, onPass: () => void): TrunkSession {
  return {
    ...trunk,
    forward: (...read) => {
      onPass()
      return trunk.forward(...read)
    },
    forwardLastPosition: (...read) => {
      onPass()
      return trunk.forwardLastPosition(...read)
    },
  }
}
