import { open, type FileHandle } from 'node:fs/promises'
import { vi } from 'vitest'

/**
 * Runs `action` on a disk that takes `bytes` more bytes and is full then: a write puts down what fits, and the
 * next fails with ENOSPC, as on a real file system.
 */
export async function withFullDisk<T>(bytes: number, action: () => Promise<T>): Promise<T> {
  const handle = await open('/dev/null', 'w')
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  let room = bytes
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on its handle below
  const write = prototype.write as (...parameters: unknown[]) => Promise<{ bytesWritten: number }>
  async function writeWhatFits(this: FileHandle, ...parameters: unknown[]): Promise<never> {
    const [data, offset = 0, length, position = null] = parameters as [Uint8Array, number?, number?, number?]
    if (room === 0)
      throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    const fits = Math.min(length ?? data.byteLength - offset, room)
    room -= fits
    return (await write.call(this, data, offset, fits, position)) as never
  }
  async function writeAll(this: FileHandle, data: unknown): Promise<void> {
    const bytes = typeof data === 'string' ? Buffer.from(data) : (data as Uint8Array)
    for (let done = 0; done < bytes.byteLength;) done += (await this.write(bytes, done)).bytesWritten
  }
  const spies = [
    vi.spyOn(prototype, 'write').mockImplementation(writeWhatFits),
    vi.spyOn(prototype, 'writeFile').mockImplementation(writeAll),
  ]
  try {
    return await action()
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
}

/** Runs `action` as a user whom file permissions bind, also where the tests run as root. */
export async function asOrdinaryUser<T>(action: () => Promise<T>): Promise<T> {
  const nobody = 65534
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid!(nobody)
  try {
    return await action()
  } finally {
    if (isRoot) process.seteuid!(0)
  }
}
