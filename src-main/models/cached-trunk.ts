import { concat, input, type Value } from '../graph/index.ts'
import { keepsOutputs } from '../runtime/devices/provider-options.ts'
import { createDeviceCaches } from '../runtime/device-key-value-cache.ts'
import { cacheNames, type CacheShape } from '../runtime/cache-rows.ts'
import { createKeyValueCaches, type KeyValueCache } from '../runtime/key-value-cache.ts'
import { causalMask } from '../runtime/masks.ts'
import {
  floatData,
  floatTensor,
  halfData,
  int32Tensor,
  int64Tensor,
  type Device,
  type Feeds,
  type Session,
  type Tensor,
} from '../runtime/session.ts'
import type { Attended } from './attended.ts'
import type { BaseModel } from './base-model.ts'
import { trunk } from './decoder.ts'

/** The graph of a trunk that reads tokens after those in a cache, and what goes in and out of it. */
export interface CachedTrunk {
  /** After the final norm, float32 [sequences · tokens, d]. */
  readonly hidden: Value
  /** What a pass gives for the caches, by name: an output of the session that is given to `read`. */
  readonly present: Readonly<Record<string, Value>>
  /** Empty caches, one for each sequence. */
  createCaches(): KeyValueCache[]
  /**
   * A pass over new tokens of each sequence, none to all of them equally many, which are added to the caches. What is
   * filled up behind the shorter ones is computed, too; nothing attends to it.
   *
   * @param asked names of further outputs
   * @param feeds what those read in addition to the trunk
   */
  read(
    session: Session,
    tokens: readonly Int32Array[],
    caches: readonly KeyValueCache[],
    asked: readonly string[],
    feeds?: Feeds,
  ): Promise<Record<string, Tensor>>
  /** Frees what the caches hold of the device's memory. */
  release(): Promise<void>
}

/**
 * The trunk for a number of sequences side by side. Where the device `keepsOutputs`, caches stay there and the graph puts
 * new keys and values into their places; elsewhere it returns them.
 */
export function cachedTrunk(model: BaseModel, sequences: number, device: Device = 'cpu'): CachedTrunk {
  const { architecture, weights } = model
  const { products } = weights
  const { keyValueHeads: heads, headSize } = architecture.attention
  const windows = architecture.layers.map(({ attention }) => attention.window)
  const cacheShape = { windows, heads, headSize, type: products }
  const onDevice = keepsOutputs(device) ? createDeviceCaches(cacheShape, sequences, device) : null

  const attended = attendedInputs(cacheShape, sequences, onDevice !== null)
  const { hidden, present } = trunk(
    architecture,
    weights,
    {
      tokens: input('tokens', [sequences, 'tokens'], 'int64'),
      positions: input('positions', [sequences, 'tokens'], 'int64'),
      attended,
    },
    'inference',
  )
  const names = cacheNames(windows.length)
  const presentNames = names.map((name) => name.replace('past', 'present'))
  const outputs = present.flatMap(({ key, value }) => [key, value])
  return {
    hidden,
    present: onDevice
      ? Object.fromEntries(presentNames.map((name, i) => [name, outputs[i]!]))
      : // Each output that is fetched costs more than its few numbers.
        { present: concat(outputs, 1) },
    createCaches: () => (onDevice ? onDevice.create() : createKeyValueCaches(cacheShape, sequences)),
    read: async (session, unread, caches, asked, feeds = {}) => {
      const count = Math.max(...unread.map(({ length }) => length))
      const shape = [sequences, count]
      const ids = new Int32Array(sequences * count)
      const positions = new Int32Array(sequences * count)
      const places = onDevice && new Int32Array(sequences * count)
      unread.forEach((own, sequence) => {
        ids.set(own, sequence * count)
        const { length } = caches[sequence]!
        for (let i = 0; i < count; i++) {
          if (places) places[sequence * count + i] = length + i
          // A filled-up place stands where the last token does: no position is beyond the text's.
          positions[sequence * count + i] = Math.max(0, length + Math.min(i, own.length - 1))
        }
      })
      await caches[0]!.makeRoom(count)
      const held = caches[0]!.feeds()
      const results = await session.run(
        {
          tokens: int64Tensor(ids, shape),
          positions: int64Tensor(positions, shape),
          ...(places
            ? { places: int32Tensor(places, shape) }
            : { causalMask: floatTensor(causalMask(count), [count, count]) }),
          ...held,
          ...feeds,
        },
        Object.fromEntries([
          ...asked.map((name) => [name, null] as const),
          ...(onDevice
            ? names.map((name, i) => [presentNames[i]!, held[name]!] as const)
            : [['present', null] as const]),
        ]),
      )
      const rows = onDevice ? null : (products === 'float16' ? halfData : floatData)(results['present'])
      unread.forEach((own, sequence) => caches[sequence]!.append(rows, count, own.length))
      return results
    },
    release: async () => onDevice?.release(),
  }
}

/** The graph's inputs of what its tokens attend to. */
function attendedInputs(
  { windows, heads, headSize, type }: CacheShape,
  sequences: number,
  staysOnDevice: boolean,
): Attended {
  const past = windows.map((window, i) => {
    const capacity = staysOnDevice || window === null ? 'capacity' : 'windowCapacity'
    const stored = [sequences * heads, 1, capacity, headSize]
    const keys = staysOnDevice ? stored.with(2, headSize).with(3, capacity) : stored
    return { key: input(`past.${i}.key`, keys, type), value: input(`past.${i}.value`, stored, type) }
  })
  if (staysOnDevice)
    return { kind: 'within', layers: past, places: input('places', [sequences, 'tokens'], 'int32') }
  return {
    kind: 'beside',
    causalMask: input('causalMask', ['tokens', 'tokens']),
    past: {
      layers: past,
      whole: { mask: input('pastMask', [sequences, 'capacity']) },
      window: {
        mask: input('windowMask', [sequences, 'windowCapacity']),
        positions: input('windowPositions', [sequences, 'windowCapacity']),
      },
    },
  }
}
