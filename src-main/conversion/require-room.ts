import { SpellmError } from '../base/errors.ts'
import type { Device } from '../runtime/devices/device.ts'
import { deviceMemory, requireMemory } from '../runtime/memory/require-memory.ts'
import type { JobOptions } from './events.ts'
import { freeDiskBytes } from './machine.ts'

/** Gives notice where memory gets tight. Throws SpellmError 'out-of-memory' where it can't be enough. */
export async function requireRoom(
  task: string,
  needed: number,
  device: Device,
  { onEvent, ignoresShortage = false }: JobOptions,
): Promise<void> {
  const warning = requireMemory(task, needed, await deviceMemory(device), { ignoresShortage })
  if (warning !== null) onEvent({ type: 'notice', message: warning })
}

/** Throws SpellmError 'disk-full' where the teacher cache will find no room. */
export async function requireDiskSpace(folder: string, bytes: number): Promise<void> {
  const free = await freeDiskBytes(folder)
  if (free < bytes * 1.05)
    throw new SpellmError(
      'disk-full',
      `${folder}: the teacher cache needs ${(bytes / 1e9).toFixed(1)} GB, ${(free / 1e9).toFixed(1)} GB are free.`,
      'Free some disk space, choose another folder for the run, or learn from fewer tokens.',
    )
}
