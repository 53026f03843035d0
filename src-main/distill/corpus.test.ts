import { describe, expect, it } from 'vitest'
import type { Tokenizer } from '../formats/tokenizer.ts'
import type { Architecture } from '../models/architecture.ts'
import { collectTokens } from './corpus.ts'

/** One token a letter, 1 for a; 0 begins a document. */
const letters = {
  encode: (text: string) => Array.from(text, (letter) => letter.charCodeAt(0) - 96),
} as unknown as Tokenizer
const architecture = { beginToken: 0, endTokens: [] as readonly number[] } as Architecture

async function collect(documents: readonly string[], windowTokens?: number, limit = 100): Promise<string[]> {
  const ids = await collectTokens(documents, letters, architecture, {
    limit,
    minimum: 1,
    ...(windowTokens === undefined ? {} : { windowTokens }),
  })
  const text = [...ids].map((id) => (id === 0 ? '|' : String.fromCharCode(96 + id))).join('')
  return text.match(new RegExp(`.{1,${windowTokens ?? 100}}`, 'g')) ?? []
}

describe('a stream of tokens', () => {
  it('is one document after another, up to its limit', async () => {
    expect(await collect(['ab', 'cde', 'f'])).toEqual(['|ab|cde|f'])
    expect(await collect(['ab', 'cde', 'f'], undefined, 5)).toEqual(['|ab|c'])
  })

  it('frames documents with the token that ends them, where it is another one', async () => {
    const ids = await collectTokens(
      ['a', 'b'],
      letters,
      { ...architecture, endTokens: [26] },
      { limit: 9, minimum: 1 },
    )
    expect([...ids]).toEqual([0, 1, 26, 0, 2, 26])
  })
})

describe('a stream that is read in windows', () => {
  it('lets a document that does not fit into the rest of a window begin anew with the next', async () => {
    expect(await collect(['abcd', 'efghi'], 8)).toEqual(['|abcd|ef', '|efghi'])
  })

  it('takes a document that just fits once', async () => {
    expect(await collect(['abc', 'def', 'g'], 8)).toEqual(['|abc|def', '|g'])
  })

  it('lets a document that is longer than a window go on in the next', async () => {
    expect(await collect(['abcdefghijk', 'z'], 8)).toEqual(['|abcdefg', 'hijk|z'])
  })

  it('leaves out a rest of less than a quarter of a window', async () => {
    expect(await collect(['abcdefgh', 'z'], 8)).toEqual(['|abcdefg', '|z'])
    expect(await collect(['abcdefghi', 'z'], 8)).toEqual(['|abcdefg', 'hi|z'])
  })

  it('takes a document of fewer tokens than a quarter of a window', async () => {
    expect(await collect(['a', 'b'], 16)).toEqual(['|a|b'])
  })
})
