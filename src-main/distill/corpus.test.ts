import { describe, expect, it } from 'vitest'
import type { Tokenizer } from '../tokenizer/index.ts'
import { collectTokens } from './corpus.ts'

/** One token a letter, 1 for a; 0 begins a document. */
const letters = framedLetters({ before: [0], after: [] })
const architecture = { endTokens: [] as readonly number[] }

function framedLetters(frame: Tokenizer['frame']): Pick<Tokenizer, 'encode' | 'frame'> {
  return { encode: (text) => Array.from(text, (letter) => letter.charCodeAt(0) - 96), frame }
}

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

  it.each([
    { of: 'Llama 3', before: [0], after: [], endTokens: [26, 25], expected: [0, 1, 26, 0, 2, 26] },
    { of: 'Qwen2', before: [], after: [], endTokens: [26], expected: [1, 26, 2, 26] },
    { of: 'the sample', before: [0], after: [], endTokens: [0], expected: [0, 1, 0, 2] },
    { of: 'XLM-R', before: [0], after: [26], endTokens: [26], expected: [0, 1, 26, 0, 2, 26] },
    { of: 'none', before: [], after: [], endTokens: [], expected: [1, 2] },
  ])(
    'frames documents as the tokenizer of $of does, and ends each once',
    async ({ before, after, endTokens, expected }) => {
      const tokenizer = framedLetters({ before, after })
      const ids = await collectTokens(['a', 'b'], tokenizer, { endTokens }, { limit: 9, minimum: 1 })
      expect([...ids]).toEqual(expected)
    },
  )
})

describe('a stream that is read in windows', () => {
  it('lets a document that does not fit into the rest of a window begin again with the next', async () => {
    expect(await collect(['abcd', 'efghi'], 8)).toEqual(['|abcd|ef', '|efghi'])
  })

  it('takes a document that just fits once', async () => {
    expect(await collect(['abc', 'def', 'g'], 8)).toEqual(['|abc|def', '|g'])
  })

  it('lets a document that is longer than a window continue in the next', async () => {
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
