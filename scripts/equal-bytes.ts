/**
 * Loaded before each file of tests: arrays of numbers with the same bytes are equal, which takes seconds to find out one
 * number after another where a file has megabytes. What differs is compared as usual, which says where.
 */
import { expect } from 'vitest'

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength)

expect.addEqualityTesters([
  (a: unknown, b: unknown) => {
    if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b) || a.constructor !== b.constructor) return undefined
    return Buffer.compare(bytesOf(a), bytesOf(b)) === 0 ? true : undefined
  },
])
