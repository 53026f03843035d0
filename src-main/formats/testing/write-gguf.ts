type Scalar = string | number | boolean
/** A list of numbers with its type in GGUF. */
interface NumberList {
  readonly type: number
  readonly values: readonly number[]
}

export interface GgufContents {
  /** Whole numbers become uint32. */
  readonly metadata?: Readonly<Record<string, Scalar | readonly string[] | NumberList>>
  readonly tensors?: readonly {
    readonly name: string
    readonly type: number
    readonly shape: readonly number[]
    readonly data: Buffer
    /** From the start of the data; default: behind the tensor before it. */
    readonly offset?: number
  }[]
}

/** A list of numbers of a type: 5 is int32, 6 is float32; any other is written as a list without entries. */
export const array = (type: number, values: readonly number[]): NumberList => ({ type, values })

const alignment = 32

/** The bytes of a GGUF file, also of one that no program should accept. */
export function writeGguf({ metadata = {}, tensors = [] }: GgufContents): Buffer {
  const parts: Buffer[] = [Buffer.from('GGUF'), uint32(3), uint64(tensors.length)]
  // Not Object.entries of a literal: '__proto__' is a key like any other.
  const entries = Object.entries(metadata)
  parts.push(uint64(entries.length))
  for (const [key, value] of entries) parts.push(string(key), ...valueParts(value))
  let next = 0
  const data: { offset: number; bytes: Buffer }[] = []
  for (const { name, type, shape, data: bytes, offset = next } of tensors) {
    parts.push(
      string(name),
      uint32(shape.length),
      ...[...shape].reverse().map(uint64),
      uint32(type),
      uint64(offset),
    )
    data.push({ offset, bytes })
    next = Math.ceil((offset + bytes.length) / alignment) * alignment
  }
  const header = Buffer.concat(parts)
  const start = Math.ceil(header.length / alignment) * alignment
  // Where an offset is far off, the data is not written there.
  const within = data.filter(({ offset }) => offset < 1024)
  const whole = Buffer.alloc(
    Math.max(start, ...within.map(({ offset, bytes }) => start + offset + bytes.length)) + 64,
  )
  header.copy(whole)
  for (const { offset, bytes } of within) bytes.copy(whole, start + offset)
  return whole
}

function valueParts(value: Scalar | readonly string[] | NumberList): Buffer[] {
  if (typeof value === 'string') return [uint32(8), string(value)]
  if (typeof value === 'boolean') return [uint32(7), Buffer.from([value ? 1 : 0])]
  if (typeof value === 'number') return [uint32(4), uint32(value)]
  if ('type' in value) {
    const { type, values } = value
    const typed = type === 5 ? Int32Array.from(values) : Float32Array.from(values)
    return [uint32(9), uint32(type), uint64(values.length), Buffer.from(typed.buffer)]
  }
  return [uint32(9), uint32(8), uint64(value.length), ...value.map(string)]
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}

const string = (text: string): Buffer => Buffer.concat([uint64(Buffer.byteLength(text)), Buffer.from(text)])
