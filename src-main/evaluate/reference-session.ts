import {
  argMax,
  gatherElements,
  input,
  logSumExp,
  reduceMax,
  reshape,
  slice,
  subtract,
  type Value,
} from '../graph/index.ts'
import type { BaseModel } from '../models/base-model.ts'
import { headLogits, trunk, windowInputs } from '../models/decoder.ts'
import {
  createSession,
  floatData,
  int32Tensor,
  int64Data,
  int64Tensor,
  type SessionOptions,
} from '../runtime/session.ts'

/** What the base model makes of each position of some windows, in one pass. */
export interface Reading {
  /** Hidden states after the final norm, [batch · tokens, d]. */
  readonly hidden: Float32Array
  /** The base model's greedy choice after each position, [batch · tokens]. */
  readonly choices: Int32Array
  /** Natural log-probabilities of the choices, [batch · tokens]. */
  readonly choiceLogProbabilities: Float32Array
  /**
   * Natural log-probability of the token that follows each position, [batch · tokens]; after the last position of
   * a window nothing follows, and the number says nothing.
   */
  readonly nextLogProbabilities: Float32Array
}

/** Reads windows of text as the base model. */
export interface ReferenceSession {
  /** @param tokens [batch · tokens], window after window, which know nothing of one another */
  read(tokens: Int32Array): Promise<Reading>
  release(): Promise<void>
}

/**
 * Loads trunk and LM head for windows of a fixed shape. Nothing of the vocabulary's size leaves the graph.
 *
 * @param options.validTokens of the tokenizer: rows of the head from there on only fill it up, and have no probability.
 *   Default: all
 */
export async function createReferenceSession(
  model: BaseModel,
  {
    batch,
    tokens,
    validTokens = model.architecture.vocabularySize,
    ...options
  }: SessionOptions & {
    readonly batch: number
    readonly tokens: number
    readonly validTokens?: number
  },
): Promise<ReferenceSession> {
  const rows = batch * tokens
  const { hidden } = trunk(model.architecture, model.weights, windowInputs(batch, tokens), 'inference')
  const all = headLogits(model.architecture, model.weights, hidden)
  const logits = validTokens < model.architecture.vocabularySize ? slice(all, 1, 0, validTokens) : all
  const total = logSumExp(logits)
  const relative = (chosen: Value) => reshape(subtract(chosen, total), [rows])
  const session = await createSession(
    {
      hidden,
      choices: argMax(logits),
      choiceScores: relative(reduceMax(logits, [1], { keepAxes: true })),
      nextScores: relative(gatherElements(logits, input('next', [rows, 1], 'int32'), 1)),
    },
    { ...options, weightsFolder: model.weights.folder },
  )
  return {
    read: async (ids) => {
      const results = await session.run({
        tokens: int64Tensor(ids, [batch, tokens]),
        next: int32Tensor(
          Int32Array.from(ids, (_, row) => ((row + 1) % tokens === 0 ? 0 : ids[row + 1]!)),
          [rows, 1],
        ),
      })
      return {
        hidden: floatData(results['hidden']),
        choices: int64Data(results['choices']),
        choiceLogProbabilities: floatData(results['choiceScores']),
        nextLogProbabilities: floatData(results['nextScores']),
      }
    },
    release: () => session.release(),
  }
}
