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
  const full = () =>
    Promise.reject(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }))

  // eslint-disable-next-line @typescript-eslint/unbound-method -- called on its handle below
  const write = prototype.write as (...parameters: unknown[]) => Promise<{ bytesWritten: number }>
  const spies = [
    vi.spyOn(prototype, 'write').mockImplementation(async function (this: FileHandle, ...parameters) {
      const [data, offset = 0, length = (data as Uint8Array).byteLength - offset, position = null] =
        parameters as unknown as [unknown, number?, number?, number?]
      if (!(data instanceof Uint8Array) || room === 0) return full()
      const result = await write.call(this, data, offset, Math.min(length, room), position)
      room -= result.bytesWritten
      return result as never
    }),
    vi.spyOn(prototype, 'writev').mockImplementation(full),
    vi.spyOn(prototype, 'writeFile').mockImplementation(full),
    vi.spyOn(prototype, 'appendFile').mockImplementation(full),
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
