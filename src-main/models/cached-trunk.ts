import { input, type Value } from '../graph/index.ts'
import { createKeyValueCaches, type KeyValueCache } from '../runtime/key-value-cache.ts'
import { causalMask } from '../runtime/masks.ts'
import { floatData, floatTensor, halfData, int64Tensor, type Feeds, type Tensor } from '../runtime/session.ts'
import { hasWindows } from './architecture.ts'
import type { BaseModel } from './base-model.ts'
import { trunk } from './decoder.ts'

/** The graph of a trunk that reads tokens after those in a cache, and what goes in and out of it. */
export interface CachedTrunk {
  /** After the final norm, float32 [sequences · tokens, d]. */
  readonly hidden: Value
  /** The new tokens' keys and values, by name. */
  readonly present: Readonly<Record<string, Value>>
  /** Empty caches, one for each sequence. */
  createCaches(): KeyValueCache[]
  /**
   * The inputs of a pass over new tokens of each sequence, none to all of them equally many. What is filled up behind
   * the shorter ones is computed, too; nothing attends to it and nothing keeps it.
   */
  feeds(tokens: readonly Int32Array[], caches: readonly KeyValueCache[]): Feeds
  /** Adds the new keys and values to the caches. */
  keep(
    results: Readonly<Record<string, Tensor>>,
    tokens: readonly Int32Array[],
    caches: readonly KeyValueCache[],
  ): void
}

/** The trunk for so many sequences side by side. */
export function cachedTrunk(model: BaseModel, sequences: number): CachedTrunk {
  const { attention, layers } = model.architecture
  const { products } = model.weights
  const stored = [sequences * attention.keyValueHeads, 1, 'capacity', attention.headSize]
  const { hidden, present } = trunk(
    model.architecture,
    model.weights,
    {
      tokens: input('tokens', [sequences, 'tokens'], 'int64'),
      positions: input('positions', [sequences, 'tokens'], 'int64'),
      causalMask: input('causalMask', ['tokens', 'tokens']),
      past: {
        layers: layers.map((_, i) => ({
          keys: input(`past.${i}.key`, stored, products),
          values: input(`past.${i}.value`, stored, products),
        })),
        mask: input('pastMask', [sequences, 'capacity']),
        positions: input('pastPositions', [1, 'capacity']),
      },
    },
    'inference',
  )
  const outputs = Object.fromEntries(
    present.flatMap(({ key, value }, i) => [
      [`present.${i}.key`, key],
      [`present.${i}.value`, value],
    ]),
  )
  const longest = (tokens: readonly Int32Array[]) => Math.max(...tokens.map(({ length }) => length))
  return {
    hidden,
    present: outputs,
    createCaches: () =>
      createKeyValueCaches(
        {
          layers: layers.length,
          heads: attention.keyValueHeads,
          headSize: attention.headSize,
          type: products,
          tellsPositions: hasWindows(model.architecture),
        },
        sequences,
      ),
    feeds: (tokens, caches) => {
      const count = longest(tokens)
      const ids = new Int32Array(sequences * count)
      const positions = new Int32Array(sequences * count)
      tokens.forEach((own, sequence) => {
        ids.set(own, sequence * count)
        const { length } = caches[sequence]!
        // A filled-up place stands where the last token does: no position is beyond the text's.
        for (let i = 0; i < count; i++)
          positions[sequence * count + i] = Math.max(0, length + Math.min(i, own.length - 1))
      })
      return {
        tokens: int64Tensor(ids, [sequences, count]),
        positions: int64Tensor(positions, [sequences, count]),
        causalMask: floatTensor(causalMask(count), [count, count]),
        ...caches[0]!.feeds(),
      }
    },
    keep: (results, tokens, caches) => {
      const rows = Object.keys(outputs).map((name) =>
        products === 'float16' ? halfData(results[name]) : floatData(results[name]),
      )
      const count = longest(tokens)
      tokens.forEach((own, sequence) => caches[sequence]!.append(rows, count, own.length))
    },
  }
}
