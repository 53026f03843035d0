import { createReadStream } from 'node:fs'
import { describeSystemError, SpellmError } from '../base/errors.ts'

/** A document longer than this is cut at a space, so that any file streams in bounded memory. */
const maxDocumentCharacters = 64 * 1024
const maxJsonLineCharacters = 16 << 20
const endOfText = '<|endoftext|>'

/**
 * The documents of text files, one after another and in bounded memory. A `.jsonl` file has a document in
 * the field `text` of each line; any other file is text, whose documents are separated by lines that hold
 * only `<|endoftext|>`.
 *
 * @throws SpellmError 'file-not-found' | 'text-invalid' (empty, binary, not UTF-8, or a bad JSON line, with
 *   the place)
 */
export async function* readTexts(paths: readonly string[]): AsyncGenerator<string> {
  for (const path of paths) {
    let found = false
    for await (const document of path.toLowerCase().endsWith('.jsonl')
      ? readJsonLines(path)
      : readPlainText(path)) {
      if (document.trim() === '') continue
      found = true
      yield document
    }
    if (!found) throw invalid(path, 'holds no text', 'Give a file of plain text or JSONL with text in it.')
  }
}

async function* readPlainText(path: string): AsyncGenerator<string> {
  let pending: string[] = []
  let length = 0
  for await (const line of readLines(path, maxDocumentCharacters)) {
    if (line.trim() === endOfText) {
      if (pending.length > 0) yield pending.join('').trim()
      pending = []
      length = 0
      continue
    }
    if (length + line.length > maxDocumentCharacters && pending.length > 0) {
      yield pending.join('')
      pending = []
      length = 0
    }
    pending.push(line)
    length += line.length
  }
  if (pending.length > 0) yield pending.join('').trim()
}

async function* readJsonLines(path: string): AsyncGenerator<string> {
  let number = 0
  for await (const line of readLines(path, maxJsonLineCharacters)) {
    number++
    if (line.trim() === '') continue
    const remedy = 'Each line must be a JSON object with a text in the field "text".'
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      throw invalid(path, `line ${number} is not JSON`, remedy)
    }
    const text = typeof value === 'object' && value !== null && 'text' in value ? value.text : undefined
    if (typeof text !== 'string')
      throw invalid(path, `line ${number} has no string in the field 'text'`, remedy)
    for (let start = 0; start < text.length;) {
      const piece = cutAtSpace(
        text.slice(start, start + maxDocumentCharacters),
        start + maxDocumentCharacters < text.length,
      )
      yield piece
      start += piece.length
    }
  }
}

/**
 * The lines of a UTF-8 file with their newlines; one longer than `maxCharacters` comes in pieces, cut at spaces where possible.
 *
 * @throws SpellmError 'file-not-found' | 'permission-denied' | 'text-invalid' (binary, or not UTF-8)
 */
export async function* readLines(path: string, maxCharacters: number): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let rest = ''
  let bytesRead = 0
  const decode = (bytes?: Uint8Array) => {
    try {
      return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode()
    } catch {
      throw invalid(
        path,
        `is not UTF-8 text (near byte ${bytesRead})`,
        'Convert the file to UTF-8, or choose a text file.',
      )
    }
  }
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 16 })) {
      const bytes = chunk as Buffer
      const zero = bytes.indexOf(0)
      if (zero >= 0)
        throw invalid(
          path,
          `is binary: byte ${bytesRead + zero} is NUL`,
          'Give a file of plain text or JSONL.',
        )
      rest += decode(bytes)
      bytesRead += bytes.length
      let start = 0
      for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
        yield rest.slice(start, end + 1)
        start = end + 1
      }
      rest = rest.slice(start)
      while (rest.length > maxCharacters) {
        const piece = cutAtSpace(rest.slice(0, maxCharacters), true)
        yield piece
        rest = rest.slice(piece.length)
      }
    }
  } catch (error) {
    throw describeSystemError(error, path)
  }
  rest += decode()
  if (rest !== '') yield rest
}

/** `text` up to its last space, if the file continues after it and it has one in its second half. Keeps surrogates whole. */
function cutAtSpace(text: string, continues: boolean): string {
  if (!continues) return text
  const space = text.lastIndexOf(' ')
  if (space > text.length / 2) return text.slice(0, space)
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last < 0xdc00 ? text.slice(0, -1) : text
}

function invalid(path: string, problem: string, remedy: string): SpellmError {
  return new SpellmError('text-invalid', `${path} ${problem}.`, remedy)
}
