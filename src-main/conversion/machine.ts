import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os'
import { statfs } from 'node:fs/promises'
import { freeMemory } from '../runtime/memory/free-memory.ts'
import * as ort from '../runtime/onnxruntime.ts'
import { describeSystemError } from '../base/errors.ts'

/** What computes. */
export interface Machine {
  readonly onnxruntime: string
  readonly node: string
  readonly platform: string
  readonly arch: string
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
}

/** The machine and the versions that compute: for the reader of a result and of a bug report. */
export function machine(): Machine {
  return {
    onnxruntime: ort.env.versions.node ?? '',
    node: process.versions.node,
    platform: platform(),
    arch: arch(),
    cpu: cpus()[0]?.model ?? '',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
  }
}

/** Memory that a new job could take now, in bytes; within a container, within its limit. */
export function freeMemoryBytes(): number {
  return freeMemory().free
}

/** Free disk space where `folder` is, in bytes. Throws SpellmError 'file-not-found' | 'permission-denied'. */
export async function freeDiskBytes(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize
  } catch (error) {
    throw describeSystemError(error, folder)
  }
}
