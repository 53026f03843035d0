import type { z } from 'zod'
import { SpellmError } from '../../base/errors.ts'
import type { ByteCursor } from './byte-cursor.ts'
import { invalidGguf, shown } from './errors.ts'

type NumberArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigUint64Array
  | BigInt64Array

/** A value of a GGUF's metadata. Whole numbers of 64 bits are bigint where they aren't safe integers. */
type GgufValue = string | number | bigint | boolean | readonly string[] | NumberArray

/** Keys and values. A Map, since a file may have a key '__proto__'. */
export type GgufMetadata = ReadonlyMap<string, GgufValue>

const maxKeys = 65_536
const maxKeyBytes = 65_535
/** Four times the largest known vocabulary has merges. */
const maxArrayLength = 4_194_304
/** Maximum number of strings in all arrays of a file together. */
const maxStrings = 8_388_608
const maxStringBytes = 64 << 20

const stringType = 8
const arrayType = 9
const boolType = 7

const scalars: ReadonlyMap<
  number,
  { readonly bytes: number; readonly array: (buffer: ArrayBuffer) => NumberArray }
> = new Map([
  [0, { bytes: 1, array: (buffer: ArrayBuffer) => new Uint8Array(buffer) }],
  [1, { bytes: 1, array: (buffer: ArrayBuffer) => new Int8Array(buffer) }],
  [2, { bytes: 2, array: (buffer: ArrayBuffer) => new Uint16Array(buffer) }],
  [3, { bytes: 2, array: (buffer: ArrayBuffer) => new Int16Array(buffer) }],
  [4, { bytes: 4, array: (buffer: ArrayBuffer) => new Uint32Array(buffer) }],
  [5, { bytes: 4, array: (buffer: ArrayBuffer) => new Int32Array(buffer) }],
  [6, { bytes: 4, array: (buffer: ArrayBuffer) => new Float32Array(buffer) }],
  [boolType, { bytes: 1, array: (buffer: ArrayBuffer) => new Uint8Array(buffer) }],
  [10, { bytes: 8, array: (buffer: ArrayBuffer) => new BigUint64Array(buffer) }],
  [11, { bytes: 8, array: (buffer: ArrayBuffer) => new BigInt64Array(buffer) }],
  [12, { bytes: 8, array: (buffer: ArrayBuffer) => new Float64Array(buffer) }],
])

/**
 * Reads the keys and values that follow a GGUF's counts.
 *
 * @throws SpellmError 'file-invalid' naming the key
 */
export function readMetadata(cursor: ByteCursor, count: number): GgufMetadata {
  if (count > maxKeys) throw invalidGguf(cursor.path, `has ${count} metadata keys; at most ${maxKeys} can be`)
  const metadata = new Map<string, GgufValue>()
  const budget = { strings: maxStrings }
  for (let i = 0; i < count; i++) {
    const key = cursor.string(`the name of metadata key ${i}`, maxKeyBytes)
    const what = `'${shown(key)}'`
    if (metadata.has(key)) throw invalidGguf(cursor.path, `has the metadata key ${what} twice`)
    metadata.set(key, readValue(cursor, cursor.uint32(`the type of ${what}`), what, budget))
  }
  return metadata
}

function readValue(cursor: ByteCursor, type: number, what: string, budget: { strings: number }): GgufValue {
  if (type === stringType) return cursor.string(what, maxStringBytes)
  if (type === arrayType) return readArray(cursor, what, budget)
  const scalar = scalars.get(type)
  if (!scalar) throw invalidGguf(cursor.path, `${what} has the type ${type}, which GGUF doesn't know`)
  const value = scalar.array(cursor.copy(scalar.bytes, what))[0]!
  if (type === boolType) {
    if (value !== 0 && value !== 1) throw invalidGguf(cursor.path, `${what} is ${value}, expected a boolean`)
    return value === 1
  }
  if (typeof value !== 'bigint') return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function readArray(cursor: ByteCursor, what: string, budget: { strings: number }): GgufValue {
  const type = cursor.uint32(`the type of the entries of ${what}`)
  const length = cursor.uint64(`the number of entries of ${what}`, maxArrayLength)
  if (type === stringType) {
    if ((budget.strings -= length) < 0)
      throw invalidGguf(cursor.path, `has more than ${maxStrings} texts in lists, with those of ${what}`)
    // Each has its length before it, so a list that the file can't hold is found before it is made.
    if (8 * length > cursor.left) throw invalidGguf(cursor.path, `ends within ${what}`)
    const strings: string[] = []
    for (let i = 0; i < length; i++) strings.push(cursor.string(`entry ${i} of ${what}`, maxStringBytes))
    return strings
  }
  const scalar = scalars.get(type)
  if (!scalar)
    throw invalidGguf(
      cursor.path,
      type === arrayType
        ? `${what} is a list of lists, which can't be read`
        : `${what} is a list of the type ${type}, which GGUF doesn't know`,
    )
  return scalar.array(cursor.copy(scalar.bytes * length, what))
}

/**
 * A value as a schema wants it; undefined where the schema allows that and the file has no such key.
 *
 * @throws SpellmError 'file-invalid' naming file and key
 */
export function readField<T>(
  { path, metadata }: { readonly path: string; readonly metadata: GgufMetadata },
  key: string,
  schema: z.ZodType<T>,
): T {
  const value = metadata.get(key)
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const problem =
    value === undefined ? 'is missing' : parsed.error.issues[0]!.message.replace(/^Invalid/, 'invalid')
  throw new SpellmError(
    'file-invalid',
    `${path}: the metadata key '${shown(key)}' ${value === undefined ? problem : `is not as expected (${problem})`}.`,
    'The file is damaged, or no language model: download it again or choose another one.',
  )
}
