import type { OutputHead } from '../models/trunk-session.ts'
import type { Tensor } from '../runtime/session.ts'

/** What is asked of the last token that is read. */
export interface Asked {
  /** What is needed of the state beyond the hidden state. */
  readonly outputHead: OutputHead
  /**
   * The rows of the LM head that first scores are asked for, too, when the text `read` and `unread` is there.
   *
   * @returns float32 [context, d]
   */
  readonly contextRows?: (read: readonly number[], unread: readonly number[]) => Tensor
}
