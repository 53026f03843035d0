import { invalidGguf } from './errors.ts'

/** Thrown where the beginning of a file that was read is too short; the file itself continues. */
export class MoreBytesNeeded extends Error {
  readonly bytes: number

  constructor(bytes: number) {
    super(`the first ${bytes} bytes are needed`)
    this.bytes = bytes
  }
}

/** Reads little-endian numbers and strings one after another from the beginning of a file. */
export class ByteCursor {
  position = 0
  readonly path: string
  readonly size: number
  private readonly bytes: Buffer

  /**
   * @param bytes the file's beginning
   * @param path for messages
   * @param size bytes of the whole file
   */
  constructor(bytes: Buffer, path: string, size: number) {
    this.bytes = bytes
    this.path = path
    this.size = size
  }

  /** Bytes of the file that were not read yet. */
  get left(): number {
    return this.size - this.position
  }

  /**
   * Passes over `count` bytes and returns where they begin.
   *
   * @param what stands there, for messages
   * @throws SpellmError 'file-invalid' where the file ends before
   */
  skip(count: number, what: string): number {
    if (count > this.left) throw invalidGguf(this.path, `ends within ${what}`)
    const start = this.position
    if (start + count > this.bytes.length) throw new MoreBytesNeeded(start + count)
    this.position = start + count
    return start
  }

  uint32(what: string): number {
    return this.bytes.readUInt32LE(this.skip(4, what))
  }

  /** A 64-bit count or offset. Throws SpellmError 'file-invalid' beyond `max`. */
  uint64(what: string, max: number): number {
    const value = this.bytes.readBigUInt64LE(this.skip(8, what))
    if (value > BigInt(max)) throw invalidGguf(this.path, `${what} is ${value}; at most ${max} can be`)
    return Number(value)
  }

  /** UTF-8 with its length before it. Bytes that aren't become U+FFFD. */
  string(what: string, maxBytes: number): string {
    const length = this.uint64(`the length of ${what}`, Math.min(maxBytes, this.left))
    const start = this.skip(length, what)
    return this.bytes.toString('utf8', start, start + length)
  }

  /** A copy of the next bytes, aligned for a typed array. */
  copy(count: number, what: string): ArrayBuffer {
    const start = this.skip(count, what)
    return new Uint8Array(this.bytes.subarray(start, start + count)).buffer
  }
}
