import { float16ToFloat32 } from '../half.ts'

const halves = float16ToFloat32(Uint16Array.from({ length: 65_536 }, (_, i) => i))

/** The two bytes at `at` as a float16 number. */
export const halfAt = (bytes: Uint8Array, at: number): number => halves[bytes[at]! | (bytes[at + 1]! << 8)]!
