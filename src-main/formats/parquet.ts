import { readFile, stat } from 'node:fs/promises'
import { parquetMetadata, parquetReadObjects, type Compressors, type FileMetaData } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { describeSystemError, SpellmError } from '../errors.ts'

/** What a Parquet file may hold at most: nobody vouches for one. */
export interface ParquetLimits {
  /** Of the file. */
  readonly maxBytes: number
  readonly maxRows: number
}

/** How much larger than the file may be what is compressed in it, in all columns that are read. */
const maxInflation = 50
/** Values in the lists of one row, on average. */
const maxValuesPerRow = 200

/**
 * Reads rows of a Parquet file; the columns of each are to be checked by a schema. Whole numbers of 64 bits come as
 * numbers where they are exact as such. Limits are checked against what the file says of itself before anything is
 * read, and against what its pages unpack to.
 *
 * @param columns those that are read; of a structure, all of its fields
 * @throws SpellmError 'file-not-found' | 'permission-denied' | 'file-invalid' (no Parquet, damaged, too large, or
 *   without one of the columns)
 */
export async function readParquet(
  path: string,
  columns: readonly string[],
  limits: ParquetLimits,
): Promise<Readonly<Record<string, unknown>>[]> {
  const bytes = await readBounded(path, limits.maxBytes)
  try {
    const metadata = parquetMetadata(bytes, { geoparquet: false })
    const problem = problemOf(metadata, columns, bytes.byteLength, limits)
    if (problem !== null) throw invalid(path, problem)
    const file = {
      byteLength: bytes.byteLength,
      slice: (start: number, end?: number) => Promise.resolve(bytes.slice(start, end)),
    }
    const rows = await parquetReadObjects({
      file,
      metadata,
      columns: [...columns],
      compressors: boundedCompressors(bytes.byteLength * maxInflation),
    })
    if (rows.length !== Number(metadata.num_rows))
      throw invalid(path, `has ${rows.length} rows, and says that it has ${metadata.num_rows.toString()}`)
    return rows.map((row) => withoutBigInts(row) as Record<string, unknown>)
  } catch (error) {
    if (error instanceof SpellmError) throw error
    // Whatever the decoder stumbles over, also of a wrong type, is damage of the file.
    throw invalid(
      path,
      `is not a Parquet file that can be read (${error instanceof Error ? error.message : String(error)})`,
    )
  }
}

async function readBounded(path: string, maxBytes: number): Promise<ArrayBuffer> {
  try {
    const { size } = await stat(path)
    if (size > maxBytes) throw invalid(path, `has ${size} bytes; at most ${maxBytes} are expected`)
    const { buffer, byteOffset, byteLength } = await readFile(path)
    return buffer.slice(byteOffset, byteOffset + byteLength)
  } catch (error) {
    throw describeSystemError(error, path)
  }
}

/** Why a file is not read, by what it says of itself; null: it is. */
function problemOf(
  { num_rows: rows, schema, row_groups: groups }: FileMetaData,
  columns: readonly string[],
  bytes: number,
  { maxRows }: ParquetLimits,
): string | null {
  const named = new Set(schema.slice(1).map(({ name }) => name))
  const missing = columns.find((column) => !named.has(column))
  if (missing !== undefined) return `has no column '${missing}'`
  if (rows < 0n || rows > BigInt(maxRows))
    return `has ${rows.toString()} rows; at most ${maxRows} are expected`
  const grouped = groups.reduce((sum, group) => sum + group.num_rows, 0n)
  if (grouped !== rows) return `has ${grouped.toString()} rows in its groups, and ${rows.toString()} in all`
  const read = groups
    .flatMap((group) => group.columns)
    .flatMap(({ meta_data: own }) => (own && columns.includes(own.path_in_schema[0] ?? '') ? [own] : []))
  const unpacked = read.reduce((sum, { total_uncompressed_size: size }) => sum + size, 0n)
  if (unpacked > BigInt(bytes * maxInflation)) return `unpacks to ${unpacked.toString()} bytes`
  const values = read.find(({ num_values: count }) => count > rows * BigInt(maxValuesPerRow))
  return values ? `has ${values.num_values.toString()} values in ${rows.toString()} rows` : null
}

/** The decompressors, which together unpack so many bytes and no more. */
function boundedCompressors(maxBytes: number): Compressors {
  let left = maxBytes
  return Object.fromEntries(
    Object.entries(compressors).map(([codec, unpack]) => [
      codec,
      (input: Uint8Array, length: number) => {
        left -= length
        if (left < 0) throw new RangeError(`it unpacks to more than ${maxBytes} bytes`)
        return unpack(input, length)
      },
    ]),
  )
}

/** Whole numbers of 64 bits as numbers, at any depth; one that is too large for that stays as it is. */
function withoutBigInts(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : value
  }
  if (Array.isArray(value)) return value.map(withoutBigInts)
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutBigInts(inner)]))
  return value
}

function invalid(path: string, problem: string): SpellmError {
  return new SpellmError(
    'file-invalid',
    `${path} ${problem}.`,
    'Remove this file, and let it be fetched again.',
  )
}
