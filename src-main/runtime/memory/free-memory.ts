import { readFileSync } from 'node:fs'
import { freemem, totalmem } from 'node:os'

/** Memory of the machine, or of the container that this process is in; in bytes. */
export interface FreeMemory {
  readonly total: number
  /** What programs could take now without swapping. */
  readonly free: number
  readonly freeSwap: number
}

/** Reads what is free now. */
export function freeMemory(): FreeMemory {
  const system = process.platform === 'linux' ? parseMemoryInfo(readSystemFile('/proc/meminfo')) : null
  const { total, free, freeSwap } = system ?? { total: totalmem(), free: freemem(), freeSwap: 0 }
  const limit = process.constrainedMemory()
  if (limit === 0 || limit >= total) return { total, free, freeSwap }
  // libuv reads the limit and the use of this process's control group.
  return { total: limit, free: Math.min(free, process.availableMemory()), freeSwap: 0 }
}

/** Fields of /proc/meminfo (proc_meminfo(5)), given there in KiB. Null without MemAvailable. */
export function parseMemoryInfo(text: string): FreeMemory | null {
  const bytes = (field: string) => {
    const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]
    return kibibytes === undefined ? null : Number(kibibytes) * 1024
  }
  const [total, free] = [bytes('MemTotal'), bytes('MemAvailable')]
  return total === null || free === null ? null : { total, free, freeSwap: bytes('SwapFree') ?? 0 }
}

function readSystemFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
