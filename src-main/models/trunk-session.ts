import { argMax, cast, input, type Value } from '../graph/index.ts'
import { createKeyValueCache, type KeyValueCache } from '../runtime/key-value-cache.ts'
import { causalMask } from '../runtime/masks.ts'
import {
  createSession,
  floatData,
  floatTensor,
  int64Data,
  int64Tensor,
  type SessionOptions,
} from '../runtime/session.ts'
import { hasWindows } from './architecture.ts'
import type { BaseModel } from './base-model.ts'
import { headLogits, trunk, windowInputs } from './decoder.ts'

/** A trunk that reads tokens one after another, keeping their keys and values. */
export interface TrunkSession {
  /** A new conversation, for `batch` sequences side by side. */
  createCache(): KeyValueCache
  /**
   * Reads `tokens` [batch · n] after what the cache holds, adds them to it, and returns the hidden states
   * [batch · n, d].
   */
  forward(tokens: Int32Array, cache: KeyValueCache): Promise<Float32Array>
  release(): Promise<void>
}

/** Loads the trunk. Prompts and single tokens go through the same graph. */
export async function createTrunkSession(
  model: BaseModel,
  options: SessionOptions & { readonly batch?: number } = {},
): Promise<TrunkSession> {
  const { batch = 1, ...sessionOptions } = options
  const { attention } = model.architecture
  const layers = model.architecture.layers.length
  const pairs = batch * attention.keyValueHeads
  const stored = [pairs, 1, 'capacity', attention.headSize]
  const { hidden, present } = trunk(
    model.architecture,
    model.weights,
    {
      tokens: input('tokens', [batch, 'tokens'], 'int64'),
      positions: input('positions', ['tokens'], 'int64'),
      causalMask: input('causalMask', ['tokens', 'tokens']),
      past: {
        layers: Array.from({ length: layers }, (_, i) => ({
          keys: input(`past.${i}.key`, stored),
          values: input(`past.${i}.value`, stored),
        })),
        mask: input('pastMask', [1, 'capacity']),
        positions: input('pastPositions', [1, 'capacity']),
      },
    },
    'inference',
  )
  const outputs: Record<string, Value> = { hidden }
  present.forEach(({ key, value }, i) => {
    outputs[`present.${i}.key`] = key
    outputs[`present.${i}.value`] = value
  })
  const rowNames = Object.keys(outputs).slice(1)
  const session = await createSession(outputs, {
    ...sessionOptions,
    weightsFolder: model.weights.folder,
    // It reads a prompt once and single tokens for the rest of its life.
    prepack: model.weights.isQuantized,
  })
  return {
    createCache: () =>
      createKeyValueCache({
        layers,
        pairs,
        headSize: attention.headSize,
        tellsPositions: hasWindows(model.architecture),
      }),
    forward: async (tokens, cache) => {
      const count = tokens.length / batch
      const results = await session.run({
        tokens: int64Tensor(tokens, [batch, count]),
        positions: int64Tensor(
          Int32Array.from({ length: count }, (_, i) => cache.length + i),
          [count],
        ),
        causalMask: floatTensor(causalMask(count), [count, count]),
        ...cache.feeds(),
      })
      cache.append(
        rowNames.map((name) => floatData(results[name])),
        count,
      )
      return floatData(results['hidden'])
    },
    release: () => session.release(),
  }
}

/** Reads whole windows of text at once, without a cache: what the teacher does. */
export interface WindowSession {
  /** float16 hidden states [batch · tokens, d] and the base model's greedy choice after each position. */
  forward(tokens: Int32Array): Promise<{ readonly hidden: Uint16Array; readonly choices: Int32Array }>
  release(): Promise<void>
}

/** Loads trunk and LM head for windows of a fixed shape. The choices are the arg-max of float32 logits. */
export async function createWindowSession(
  model: BaseModel,
  { batch, tokens, ...options }: SessionOptions & { readonly batch: number; readonly tokens: number },
): Promise<WindowSession> {
  const { hidden } = trunk(model.architecture, model.weights, windowInputs(batch, tokens), 'inference')
  const choices = argMax(headLogits(model.architecture, model.weights, hidden))
  const session = await createSession(
    { hidden: cast(hidden, 'float16'), choices },
    { ...options, weightsFolder: model.weights.folder },
  )
  return {
    forward: async (ids) => {
      const results = await session.run({ tokens: int64Tensor(ids, [batch, tokens]) })
      const states = results['hidden']!.data
      if (!(states instanceof Uint16Array))
        throw new TypeError('expected float16 hidden states as Uint16Array')
      return { hidden: states, choices: int64Data(results['choices']) }
    },
    release: () => session.release(),
  }
}
