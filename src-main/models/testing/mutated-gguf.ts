import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SpellmError } from '../../base/errors.ts'
import { openChatTemplate } from '../../tokenizer/chat-template.ts'
import { openTokenizer } from '../../tokenizer/index.ts'
import { checkWeights, openBaseModel } from '../base-model.ts'

const models = join(import.meta.dirname, 'gguf')
const vocabularies = join(import.meta.dirname, '../../tokenizer/testing/gguf')

/** Files that are damaged: models with a vocabulary of few tokens, one of them in parts, and vocabularies of each kind. */
const originals: readonly (readonly string[])[] = [
  ...['llama-q4_1', 'llama3-rope', 'phi3-longrope', 'gemma3'].map((name) => [join(models, `${name}.gguf`)]),
  ...['llama3', 'mistral', 't5'].map((name) => [join(vocabularies, `${name}.gguf`)]),
  [1, 2, 3].map((part) => join(models, `llama-q4_1-0000${part}-of-00003.gguf`)),
]

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const extremes = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  1n << 40n,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
]

/** A copy with one to four damages: bits, numbers at their extremes, parts cut out, doubled or exchanged, a cut end. */
function damaged(original: Buffer, random: () => number): Buffer {
  let bytes = Buffer.from(original)
  const below = (end: number) => Math.floor(random() * end)
  for (let left = 1 + below(4); left > 0 && bytes.length > 16; left--) {
    // Half of them in the first kilobytes, where counts and most keys are.
    const at = below(random() < 0.5 ? Math.min(bytes.length, 2_048) : bytes.length) % (bytes.length - 8)
    const length = Math.min(1 + below(random() < 0.5 ? 8 : 400), bytes.length - at)
    const piece = bytes.subarray(at, at + length)
    switch (below(7)) {
      case 0:
        bytes[at]! ^= 1 << below(8)
        break
      case 1:
        bytes[at] = below(256)
        break
      case 2:
        bytes.writeBigUInt64LE(extremes[below(extremes.length)]!, at)
        break
      case 3:
        bytes.writeUInt32LE(Number(extremes[below(7)]!), at)
        break
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)])
        break
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)])
        break
      default:
        bytes = random() < 0.2 ? bytes.subarray(0, at) : (piece.reverse(), bytes)
    }
  }
  return bytes
}

export interface FuzzResult {
  /** Files that were read as if nothing had happened: what was damaged is a weight or a text. */
  readonly read: number
  /** Files that were refused, by code. */
  readonly refused: Readonly<Record<string, number>>
  /** Milliseconds that the slowest file took. */
  readonly slowest: number
}

/**
 * Opens damaged files with all that reads a GGUF: description, vocabulary, chat template, weights.
 *
 * @param scratch a file that is rewritten for each; parts of a model are written beside it
 * @throws whatever isn't a SpellmError, naming the seed
 */
export async function fuzzGguf(
  scratch: string,
  { from = 0, count }: { readonly from?: number; readonly count: number },
): Promise<FuzzResult> {
  const contents = await Promise.all(
    originals.map((parts) => Promise.all(parts.map((path) => readFile(path)))),
  )
  const result = { read: 0, refused: {} as Record<string, number>, slowest: 0 }
  for (let seed = from; seed < from + count; seed++) {
    const random = randomNumbers(seed)
    const parts = contents[seed % contents.length]!
    const hurt = Math.floor(random() * parts.length)
    const paths = parts.map((_, i) => pathOf(scratch, i, parts.length))
    for (const [i, part] of parts.entries())
      await writeFile(paths[i]!, i === hurt ? damaged(part, random) : part)
    const file = paths[0]!
    const started = performance.now()
    const errors = await Promise.all([
      refusal(seed, async () => checkWeights(await openBaseModel(file))),
      refusal(seed, async () => (await openTokenizer(file)).encode('The 1st of 12 <s>tests</s> —\n  naïve')),
      refusal(seed, () => openChatTemplate(file)),
    ])
    result.slowest = Math.max(result.slowest, performance.now() - started)
    const code = errors.find((error) => error !== null)
    if (code === undefined) result.read++
    else result.refused[code] = (result.refused[code] ?? 0) + 1
  }
  return result
}

const pathOf = (scratch: string, index: number, count: number) =>
  count === 1 ? scratch : scratch.replace(/\.gguf$/, `-0000${index + 1}-of-0000${count}.gguf`)

async function refusal(seed: number, task: () => Promise<unknown>): Promise<string | null> {
  try {
    await task()
    return null
  } catch (error) {
    if (error instanceof SpellmError && error.message.length < 1_000 && error.remedy !== '') return error.code
    throw new Error(`seed ${seed}: ${String(error)}`, { cause: error })
  }
}
