/**
 * The program that decodes a Parquet file in a process of its own. On standard input it gets the file, as an argument
 * the columns and the most rows; it answers in one line of JSON.
 */
import { z } from 'zod'
import { decodeParquet } from './decode.ts'

const wishSchema = z.object({ columns: z.array(z.string()), maxRows: z.int() })

async function answer(): Promise<unknown> {
  const { columns, maxRows } = wishSchema.parse(JSON.parse(process.argv[2] ?? ''))
  const pieces: Uint8Array[] = []
  for await (const piece of process.stdin) pieces.push(piece as Buffer)
  const { buffer, byteOffset, byteLength } = Buffer.concat(pieces)
  try {
    const bytes = buffer.slice(byteOffset, byteOffset + byteLength)
    return { rows: await decodeParquet(bytes, columns, { maxRows }) }
  } catch (error) {
    // Whatever the decoder stumbles over, also of a wrong type, is damage of the file.
    return { problem: error instanceof Error ? error.message : String(error) }
  }
}

process.stdout.write(JSON.stringify(await answer()))
