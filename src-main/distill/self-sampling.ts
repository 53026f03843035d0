import { setImmediate } from 'node:timers/promises'
import { CancelledError, SpellmError } from '../base/errors.ts'
import { input } from '../graph/index.ts'
import type { BaseModel } from '../models/base-model.ts'
import { headLogits } from '../models/decoder.ts'
import { createBatchTrunk, stackRows } from '../models/batch-trunk.ts'
import { drawFrom, seededRandom, type Random } from '../base/random.ts'
import { createSession, floatData, floatTensor, type SessionOptions } from '../runtime/session.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'

export interface SelfSamplingOptions extends SessionOptions {
  /** Tokens to write in all, rounded up to whole sequences. */
  readonly tokens: number
  readonly sequenceLength: number
  /** Tokens of the tokenizer: rows of the LM head from there on only fill it up and are never drawn. */
  readonly validTokens: number
  readonly seed: number
  readonly onProgress?: (tokens: number) => void
  readonly signal?: AbortSignal
  /** Shares the engine's thread: each pass computes in a turn of its own. */
  readonly turn?: Turn
}

/** Sequences that grow side by side, so that each pass over the weights makes this many tokens. */
export const sequencesAtOnce = 32

/**
 * Text without any data: sequences that the base model writes itself from its begin token, sampled from its
 * own distribution at temperature 1. A sequence that ends starts again.
 *
 * @returns tokens [at least options.tokens], sequence after sequence
 * @throws SpellmError 'model-unsupported' if the model has no begin or end token to start from
 */
export async function sampleText(model: BaseModel, options: SelfSamplingOptions): Promise<Int32Array> {
  const { sequenceLength, validTokens, seed, onProgress, signal, turn = ownTurn, ...session } = options
  const { beginToken, endTokens, hiddenSize, vocabularySize } = model.architecture
  const start = beginToken ?? endTokens[0]
  if (start === undefined)
    throw new SpellmError(
      'model-unsupported',
      `${model.folder}/config.json names no bos_token_id or eos_token_id, so the model can't begin a text by itself.`,
      'Give a text to learn from.',
    )
  const batch = sequencesAtOnce
  const random = seededRandom(seed)
  const trunk = await createBatchTrunk(model, batch, session)
  const logits = headLogits(model.architecture, model.weights, input('hidden', [batch, hiddenSize]))
  const head = await createSession({ logits }, { ...session, weightsFolder: model.weights.folder })
  const rounds = Math.ceil(options.tokens / (batch * sequenceLength))
  const ids = new Int32Array(rounds * batch * sequenceLength)
  try {
    for (let round = 0; round < rounds; round++) {
      const caches = trunk.createCaches()
      const last = new Int32Array(batch).fill(start)
      for (let position = 0; position < sequenceLength; position++) {
        if (signal?.aborted) throw new CancelledError()
        last.forEach((token, row) => (ids[(round * batch + row) * sequenceLength + position] = token))
        const scores = await turn(async () => {
          const states = await trunk.forward(
            Array.from(last, (token) => Int32Array.of(token)),
            caches,
          )
          const hidden = floatTensor(stackRows(states), [batch, hiddenSize])
          return floatData((await head.run({ hidden }))['logits'])
        })
        for (let row = 0; row < batch; row++) {
          const first = row * vocabularySize
          const own = scores.subarray(first, first + Math.min(validTokens, vocabularySize))
          const drawn = drawToken(own, random)
          last[row] = model.stopTokens.includes(drawn) ? start : drawn
        }
        onProgress?.((round * sequenceLength + position + 1) * batch)
        await setImmediate()
      }
      for (const cache of caches) cache.release()
    }
    return ids
  } finally {
    await trunk.release()
    await head.release()
  }
}

/** Draws a token by the softmax of its logits. */
function drawToken(logits: Float32Array, random: Random): number {
  const largest = logits.reduce((max, logit) => Math.max(max, logit), -Infinity)
  const weights = Float64Array.from(logits, (logit) => Math.exp(logit - largest))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return drawFrom(weights.length, total, (token) => weights[token]!, random)
}
