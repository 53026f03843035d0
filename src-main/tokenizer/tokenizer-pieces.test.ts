import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAlphabet, spelledBytes } from '../spelling/alphabet.ts'
import { buildSpeller, spellingOf, statusOf } from '../spelling/speller.ts'
import { maxSpellingLength } from '../spelling/spellings.ts'
import { openTokenizer } from './index.ts'

interface TokenizerFile {
  readonly added_tokens: readonly { readonly content: string }[]
  readonly decoder: { readonly type: string }
  readonly model: {
    readonly type?: string
    readonly vocab: Readonly<Record<string, number>> | readonly (readonly [string, number])[]
    readonly merges?: readonly (string | readonly [string, string])[]
  }
}

/** The byte that each character of a byte-level vocabulary stands for: `bytes_to_unicode` of GPT-2's encoder.py. */
function byteLevelBytes(): Map<string, number> {
  const shown = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad)
  const table = new Map<string, number>()
  let others = 0
  for (let byte = 0; byte < 256; byte++)
    table.set(String.fromCodePoint(shown(byte) ? byte : 256 + others++), byte)
  return table
}

/** The pieces that a file asks for, read without the tokenizer: its merges in order, or its tokens by score. */
function piecesOf({ added_tokens, decoder, model }: TokenizerFile): string[] {
  const added = new Set(added_tokens.map(({ content }) => content))
  const byteOf = byteLevelBytes()
  const hexOf = (content: string) =>
    decoder.type === 'ByteLevel'
      ? Buffer.from(Array.from(content, (character) => byteOf.get(character)!)).toString('hex')
      : Buffer.from(content.replaceAll('▁', ' ')).toString('hex')
  const contents = model.merges
    ? model.merges.map((merge) => (typeof merge === 'string' ? merge.split(' ') : merge).join(''))
    : [...(model.vocab as readonly (readonly [string, number])[])]
        .sort(([, a], [, b]) => b - a)
        .map(([content]) => content)
        .filter((content) => !added.has(content) && !/^<0x..>$/.test(content))
  return [...new Set(contents.map(hexOf))].filter((digits) => digits.length > 2 && digits.length <= 128)
}

const fixtures = join(import.meta.dirname, 'testing', 'tokenizers')
const sampleModel = join(import.meta.dirname, '../../resources/sample-model')
const folders: [string, string][] = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => [name, join(fixtures, name)])

describe.each([...folders, ['the sample model', sampleModel]])('pieces of %s', (_, folder) => {
  it('are the first ones of its file', async () => {
    const file = JSON.parse(await readFile(join(folder, 'tokenizer.json'), 'utf8')) as TokenizerFile
    const { entries } = await openTokenizer(folder)
    const expected = piecesOf(file)
    expect(expected.length).toBeGreaterThan(250)
    expect(parseAlphabet('pieces', entries)).toMatchObject({ unit: 'piece', pieces: expected.slice(0, 250) })
    expect(parseAlphabet('pieces:16384', entries)).toMatchObject({ pieces: expected })
  })

  it('spell every token of the vocabulary that has bytes, and are read back', async () => {
    const { entries } = await openTokenizer(folder)
    const alphabet = parseAlphabet('pieces', entries)
    const speller = buildSpeller(entries, alphabet, maxSpellingLength)
    const known = new Set<string>()
    for (const [token, { bytes, special, content }] of entries.entries()) {
      if (special || bytes.length === 0) continue
      const symbols = spellingOf(speller, token)
      expect([...spelledBytes(alphabet, symbols, symbols.length)], content).toEqual([...bytes])
      expect(symbols.length, content).toBeLessThanOrEqual(bytes.length)
      const key = Buffer.from(bytes).toString('hex')
      expect(statusOf(speller, token), content).toBe(known.has(key) ? 'shadowed' : 'covered')
      known.add(key)
    }
  })
})
