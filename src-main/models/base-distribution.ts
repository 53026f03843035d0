import { add, argMax, cast, constant, exp, input, logSumExp, subtract } from '../graph/index.ts'
import { createSession, floatData, halfTensor, int64Data, type SessionOptions } from '../runtime/session.ts'
import type { BaseModel } from './base-model.ts'
import { headLogits } from './decoder.ts'

/** Logits that are in memory at once, in bytes. */
const maxLogitsBytes = 64 << 20

/** The base model's distribution over the vocabulary, of many states at once. */
export interface BaseDistribution {
  /** States that are read in one pass. */
  readonly rows: number
  /**
   * @param hidden float16 bit patterns [n · d], n at most `rows`
   * @returns probabilities [n · V] and log Z [n], the log-sum-exp of the logits, and the greedy choices [n]
   */
  read(hidden: Uint16Array): Promise<{
    readonly probabilities: Float32Array
    readonly logNormalizers: Float32Array
    readonly choices: Int32Array
  }>
  release(): Promise<void>
}

/** A logit that no token has. */
const never = -1e30

/**
 * Loads the LM head to be read for many states. Rows of the head beyond `tokens` belong to no token (they fill the
 * matrix up): their probability is 0.
 *
 * @param tokens of the tokenizer
 */
export async function createBaseDistribution(
  { architecture, weights }: BaseModel,
  tokens: number,
  options: SessionOptions = {},
): Promise<BaseDistribution> {
  const { hiddenSize: d, vocabularySize } = architecture
  const rows = Math.max(16, Math.min(256, Math.floor(maxLogitsBytes / (4 * vocabularySize))))
  const all = headLogits(architecture, weights, cast(input('hidden', ['rows', d], 'float16'), 'float32'))
  const padding = Float32Array.from({ length: vocabularySize }, (_, token) => (token < tokens ? 0 : never))
  const logits = tokens < vocabularySize ? add(all, constant(padding, [1, vocabularySize])) : all
  const logNormalizers = logSumExp(logits)
  const session = await createSession(
    { probabilities: exp(subtract(logits, logNormalizers)), logNormalizers, choices: argMax(logits) },
    { prepack: true, ...options, weightsFolder: weights.folder },
  )
  return {
    rows,
    read: async (hidden) => {
      const results = await session.run({ hidden: halfTensor(hidden, [hidden.length / d, d]) })
      return {
        probabilities: floatData(results['probabilities']),
        logNormalizers: floatData(results['logNormalizers']),
        choices: int64Data(results['choices']),
      }
    },
    release: () => session.release(),
  }
}
