import { SpellmError } from '../../base/errors.ts'
import type { Device } from '../devices/device.ts'
import { nvidiaCard } from '../devices/graphics-card.ts'
import { freeMemory } from './free-memory.ts'

/** Memory that a device has, in bytes. */
export interface DeviceMemory {
  readonly total: number
  readonly free: number
  /** Whether more than is free can be asked for, at the cost of others or of time. */
  readonly canSwap: boolean
}

/** That of the card for CUDA; for all others, whose memory nobody tells, the machine's. */
export async function deviceMemory(device: Device): Promise<DeviceMemory> {
  const card = device === 'cuda' ? await nvidiaCard() : null
  if (card) return { total: card.totalBytes, free: card.freeBytes, canSwap: false }
  const { total, free } = freeMemory()
  return { total, free, canSwap: true }
}

/**
 * Compares what a job will take with what there is.
 *
 * @param task what needs the memory, as the subject of a sentence
 * @param ignoresShortage only warn
 * @returns a warning where it may get tight; null where there is enough
 * @throws SpellmError 'out-of-memory' for more than the machine has, or than a card has free
 */
export function requireMemory(
  task: string,
  needed: number,
  { total, free, canSwap }: DeviceMemory,
  { ignoresShortage = false }: { readonly ignoresShortage?: boolean } = {},
): string | null {
  if (needed <= free) return null
  const facts = `${task} needs about ${gigabytes(needed)} of memory; ${gigabytes(free)} of ${gigabytes(total)} are free.`
  if (ignoresShortage || (canSwap && needed <= total))
    return `${facts} It may become slow or be ended by the system: close other programs.`
  throw new SpellmError(
    'out-of-memory',
    facts,
    canSwap
      ? 'Choose a smaller model, or a machine with more memory.'
      : "Close other programs that use the graphics card, choose a smaller model, or compute on 'cpu'.",
  )
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`
