import { parquetMetadata, parquetReadObjects, type Compressors, type FileMetaData } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

/** How much larger than the file may be what is compressed in it, in all columns that are read. */
const maxInflation = 50
/** Values in the lists of one row, on average. */
const maxValuesPerRow = 200

/**
 * Decodes rows of a Parquet file. Limits are checked against what the file says of itself before anything is
 * decoded, and against what its pages unpack to; runs within a page are not limited. So this may take all memory or
 * all time there is for a file that was made to do that: it runs in a process of its own.
 *
 * @param columns those that are read; of a structure, all of its fields
 * @returns rows with whole numbers of 64 bits as numbers, where they are exact as such
 * @throws Error that says why the file isn't read
 */
export async function decodeParquet(
  bytes: ArrayBuffer,
  columns: readonly string[],
  { maxRows }: { readonly maxRows: number },
): Promise<Readonly<Record<string, unknown>>[]> {
  const metadata = parquetMetadata(bytes, { geoparquet: false })
  const problem = problemOf(metadata, columns, bytes.byteLength, maxRows)
  if (problem !== null) throw new Error(problem)
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
    throw new Error(`it has ${rows.length} rows, and says that it has ${metadata.num_rows.toString()}`)
  return rows.map((row) => withoutBigInts(row) as Record<string, unknown>)
}

/** Why a file is not read, by what it says of itself; null: it is. */
function problemOf(
  { num_rows: rows, schema, row_groups: groups }: FileMetaData,
  columns: readonly string[],
  bytes: number,
  maxRows: number,
): string | null {
  const named = new Set(schema.slice(1).map(({ name }) => name))
  const missing = columns.find((column) => !named.has(column))
  if (missing !== undefined) return `it has no column '${missing}'`
  if (rows < 0n || rows > BigInt(maxRows))
    return `it has ${rows.toString()} rows; at most ${maxRows} are expected`
  const grouped = groups.reduce((sum, group) => sum + group.num_rows, 0n)
  if (grouped !== rows)
    return `it has ${grouped.toString()} rows in its groups, and ${rows.toString()} in all`
  const read = groups
    .flatMap((group) => group.columns)
    .flatMap(({ meta_data: own }) => (own && columns.includes(own.path_in_schema[0] ?? '') ? [own] : []))
  const unpacked = read.reduce((sum, { total_uncompressed_size: size }) => sum + size, 0n)
  if (unpacked > BigInt(bytes * maxInflation)) return `it unpacks to ${unpacked.toString()} bytes`
  const values = read.find(({ num_values: count }) => count > rows * BigInt(maxValuesPerRow))
  return values ? `it has ${values.num_values.toString()} values in ${rows.toString()} rows` : null
}

/** The decompressors, which together unpack up to `maxBytes` bytes. */
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
