import { createSingleOutputNode, input } from '../graph/index.ts'
import { cacheNames, type CacheShape } from './cache-rows.ts'
import { roomyCapacity } from './cache-span.ts'
import type { KeyValueCache } from './key-value-cache.ts'
import {
  createSession,
  floatTensor,
  halfTensor,
  int64Tensor,
  type Device,
  type Session,
  type Tensor,
} from './session.ts'

/** Caches in the memory of a device. */
export interface DeviceCaches {
  /** Empty caches of sequences that a graph reads side by side. */
  create(): KeyValueCache[]
  /** Frees the memory of all of them. They can't be read afterwards. */
  release(): Promise<void>
}

/**
 * Caches that never leave a device which `keepsOutputs`: values as elsewhere, keys as columns [sequences · heads, 1,
 * headSize, capacity]. A graph puts new rows into place itself, since it is given the tensors of its inputs for its
 * outputs (`Session.run`); behind the tokens held is whatever was there before. Only to make room, tensors are copied,
 * on the device.
 */
export function createDeviceCaches(
  { windows, heads, headSize, type }: CacheShape,
  sequences: number,
  device: Device,
): DeviceCaches {
  const names = cacheNames(windows.length)
  const placesAxis = (name: string) => (name.endsWith('key') ? 3 : 2)
  const empty = (name: string) => {
    const shape = [sequences * heads, 1, headSize, headSize].with(placesAxis(name), 0)
    return type === 'float16'
      ? halfTensor(new Uint16Array(0), shape)
      : floatTensor(new Float32Array(0), shape)
  }
  const createGrowth = () => {
    const held = input('held', [sequences * heads, 1, 'rows', 'columns'], type)
    const grown = createSingleOutputNode(
      'Pad',
      [held, input('pads', [8], 'int64')],
      [sequences * heads, 1, 'grownRows', 'grownColumns'],
    )
    return createSession({ grown }, { device, keepOnDevice: ['grown'] })
  }
  let growth: Session | null = null
  const live = new Set<Tensor>()
  const free = (tensor: Tensor) => {
    if (live.delete(tensor)) tensor.dispose()
  }

  const create = () => {
    const lengths = new Int32Array(sequences)
    const tensors = Object.fromEntries(names.map((name) => [name, empty(name)]))
    const capacityOf = (name: string) => tensors[name]!.dims[placesAxis(name)]!
    const makeRoom = async (tokens: number) => {
      const needed = roomyCapacity(Math.max(...lengths) + tokens)
      // Where memory was too short once, some tensors may have grown.
      const capacity = Math.max(needed, ...names.map(capacityOf))
      for (const name of names) {
        const room = capacity - capacityOf(name)
        if (room === 0) continue
        growth ??= await createGrowth()
        const held = tensors[name]!
        // Before and behind each axis.
        const pads = Array<number>(8)
          .fill(0)
          .with(4 + placesAxis(name), room)
        const { grown } = await growth.run({ held, pads: int64Tensor(pads, [8]) })
        live.add(grown!)
        tensors[name] = grown!
        free(held)
      }
    }

    return Array.from(lengths, (_, sequence): KeyValueCache => ({
      get length() {
        return lengths[sequence]!
      },
      makeRoom,
      feeds: () => tensors,
      append: (_rows, tokens, count = tokens) => {
        lengths[sequence]! += count
      },
      truncate: (shorter) => {
        lengths[sequence] = shorter
      },
      shrink: () => undefined,
      release: () => Object.values(tensors).forEach(free),
    }))
  }
  return {
    create,
    release: async () => {
      live.forEach(free)
      await growth?.release()
    },
  }
}
