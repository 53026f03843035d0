import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openChatTemplate } from '../tokenizer/chat-template.ts'
import { readableTypes } from './gguf/dequantize.ts'
import { openGguf, readGgufRows, splitBlocks, splittableBlock, splittableTypes } from './gguf.ts'
import { array, writeGguf, type GgufContents } from './testing/write-gguf.ts'
import { readGgufStopTokens } from '../tokenizer/gguf/chat.ts'
import { openTokenizer } from '../tokenizer/index.ts'

const testing = join(import.meta.dirname, 'testing')
const vocabularies = join(import.meta.dirname, '../tokenizer/testing')
let folder: string
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'spellm-gguf-'))))
afterAll(() => rm(folder, { recursive: true }))

let files = 0
/** A GGUF file of some contents; `change` may damage its bytes. */
async function write(contents: GgufContents, change = (bytes: Buffer) => bytes): Promise<string> {
  const file = join(folder, `${files++}.gguf`)
  await writeFile(file, change(writeGguf(contents)))
  return file
}

const quants = z
  .record(z.string(), z.object({ blocks: z.string(), values: z.string() }))
  .parse(JSON.parse(await readFile(join(testing, 'gguf-quants.json'), 'utf8')))

describe('values of quantised tensors', () => {
  it.each(Object.entries(quants))('%s are bit for bit those of the reference', (name, { blocks, values }) => {
    const bytes = new Uint8Array(Buffer.from(blocks, 'base64'))
    const wanted = new Float32Array(new Uint8Array(Buffer.from(values, 'base64')).buffer)
    const read = new Float32Array(wanted.length)
    readableTypes.get(name)!(bytes, read)
    expect(Buffer.compare(Buffer.from(read.buffer), Buffer.from(wanted.buffer))).toBe(0)
  })

  it.each([...splittableTypes])(
    '%s are the same when their blocks were taken apart',
    (name, { bits, zero }) => {
      const { blocks, values } = quants[name]!
      const { integers, scales, minima } = splitBlocks(name, new Uint8Array(Buffer.from(blocks, 'base64')))
      const wanted = new Float32Array(new Uint8Array(Buffer.from(values, 'base64')).buffer)
      const read = Float32Array.from(wanted, (_, i) => {
        const integer = bits === 8 ? integers[i]! : (integers[i >> 1]! >> (4 * (i & 1))) & 15
        const block = Math.floor(i / splittableBlock)
        const product = scales[block]! * (integer - zero)
        return minima ? product + minima[block]! : product
      })
      expect(read).toEqual(wanted)
    },
  )

  it('of every readable type have a reference', () => {
    expect(Object.keys(quants).sort()).toEqual([...readableTypes.keys()].sort())
  })

  it('are read row by row', async () => {
    const values = Float32Array.from({ length: 12 }, (_, i) => i)
    const file = await write({
      metadata: { 'general.architecture': 'x' },
      tensors: [{ name: 'w', type: 0, shape: [3, 4], data: Buffer.from(values.buffer) }],
    })
    const tensor = (await openGguf(file)).tensors.get('w')!
    expect(tensor.shape).toEqual([3, 4])
    expect([...(await readGgufRows(tensor, 1, 2))]).toEqual([4, 5, 6, 7, 8, 9, 10, 11])
  })
})

describe('a GGUF header', () => {
  const row = { name: 'w', type: 0, shape: [4], data: Buffer.alloc(16) }

  it('keeps every kind of value', async () => {
    const metadata = {
      text: 'ü',
      yes: true,
      whole: 7,
      list: ['a', ''],
      ['__proto__']: 'safe',
      numbers: array(5, [1, -2]),
    }
    const file = await openGguf(await write({ metadata, tensors: [{ ...row, name: '__proto__' }] }))
    expect(Object.fromEntries([...file.metadata].filter(([key]) => key !== '__proto__'))).toEqual({
      text: 'ü',
      yes: true,
      whole: 7,
      list: ['a', ''],
      numbers: Int32Array.of(1, -2),
    })
    expect(file.metadata.get('__proto__')).toBe('safe')
    expect(file.tensors.get('__proto__')?.byteLength).toBe(16)
  })

  const cases: Record<string, [GgufContents, string | RegExp, ((bytes: Buffer) => Buffer)?]> = {
    'another format': [{}, "doesn't begin with 'GGUF'", (bytes) => (bytes.write('GGML'), bytes)],
    'a pointer of Git LFS': [
      {},
      'Git LFS',
      () => Buffer.from('version https://git-lfs.github.com/spec/v1\n'),
    ],
    'a web page': [{}, 'web page', () => Buffer.from('<!DOCTYPE html><html>')],
    'an old version': [{}, 'version 1', (bytes) => (bytes.writeUInt32LE(1, 4), bytes)],
    'the other byte order': [{}, 'big-endian', (bytes) => (bytes.writeUInt32BE(3, 4), bytes)],
    'too many tensors': [{}, 'number of tensors', (bytes) => (bytes.writeBigUInt64LE(1n << 60n, 8), bytes)],
    'too many keys': [
      {},
      'number of metadata keys',
      (bytes) => (bytes.writeBigUInt64LE(1n << 60n, 16), bytes),
    ],
    'an end in the middle': [{ metadata: { key: 'value' } }, 'ends within', (bytes) => bytes.subarray(0, 40)],
    'a key twice': [
      { metadata: { a: 1, b: 2 } },
      'twice',
      (bytes) => (bytes.write('a', bytes.indexOf('b')), bytes),
    ],
    'a tensor twice': [{ tensors: [row, { ...row }] }, "the tensor 'w' twice"],
    'an unknown type of value': [
      { metadata: { a: 1 } },
      "'a' has the type 99",
      (bytes) => (bytes.writeUInt32LE(99, bytes.indexOf('a') + 1), bytes),
    ],
    'a list of lists': [{ metadata: { a: array(9, []) } }, 'list of lists'],
    'an alignment of three': [{ metadata: { 'general.alignment': 3 } }, 'general.alignment'],
    'parts that its name says nothing of': [
      { metadata: { 'split.count': 3, 'split.no': 0 } },
      'one of 3 parts of a model, and its name',
    ],
    'more parts than any model has': [{ metadata: { 'split.count': 1_025, 'split.no': 0 } }, 'split.count'],
    'no dimension': [{ tensors: [{ ...row, shape: [] }] }, '0 dimensions'],
    'five dimensions': [{ tensors: [{ ...row, shape: [1, 1, 1, 1, 4] }] }, '5 dimensions'],
    'an empty tensor': [{ tensors: [{ ...row, shape: [0, 4] }] }, 'empty'],
    'a type that is not known': [{ tensors: [{ ...row, type: 77 }] }, 'type 77'],
    'half a block': [{ tensors: [{ ...row, type: 2, shape: [2, 16] }] }, 'blocks of 32'],
    'more values than any file holds': [
      { tensors: [{ ...row, shape: [2 ** 40, 2 ** 40] }] },
      'more than any file holds',
    ],
    'an offset that is not aligned': [{ tensors: [{ ...row, offset: 4 }] }, 'multiple of 32'],
    'tensors that overlap': [
      {
        tensors: [
          { ...row, shape: [16] },
          { ...row, name: 'v', offset: 32 },
        ],
      },
      'overlap',
    ],
    'a tensor beyond the end': [{ tensors: [{ ...row, offset: 3200 }] }, 'the file at'],
  }
  it.each(Object.entries(cases))('with %s is refused by name', async (_, [contents, message, change]) => {
    const file = await write(contents, change)
    await expect(openGguf(file)).rejects.toMatchObject({
      name: 'SpellmError',
      message: expect.stringMatching(message) as string,
    })
  })

  it('is refused with a type of tensor that is known but not read', async () => {
    const file = await write({ tensors: [{ ...row, type: 16, shape: [256], data: Buffer.alloc(66) }] })
    const tensor = (await openGguf(file)).tensors.get('w')!
    await expect(readGgufRows(tensor, 0, 256)).rejects.toMatchObject({
      code: 'model-unsupported',
      message: expect.stringContaining('IQ2_XXS') as string,
    })
  })
})

describe('a GGUF in several parts', () => {
  const tensor = (name: string) => ({ name, type: 0, shape: [4], data: Buffer.alloc(16) })
  /** Parts in a folder of their own; each is written under its number, or under `name`. */
  async function writeParts(
    parts: readonly { readonly number: number; readonly contents: GgufContents; readonly name?: string }[],
    count = parts.length,
  ): Promise<string> {
    const own = await mkdtemp(join(folder, 'parts-'))
    for (const { number, contents, name = partName(number, count) } of parts)
      await writeFile(join(own, name), writeGguf(contents))
    return own
  }
  const partName = (number: number, count: number) => `m-0000${number}-of-0000${count}.gguf`
  const part = (number: number, names: readonly string[], metadata: GgufContents['metadata'] = {}) => ({
    number,
    contents: {
      metadata: { 'split.count': 2, 'split.no': number - 1, ...metadata },
      tensors: names.map(tensor),
    },
  })
  const first = (names: readonly string[]) =>
    part(1, names, { 'general.name': 'both', 'split.tensors.count': 3 })

  it('has the metadata of the first and the tensors of all', async () => {
    const own = await writeParts([first(['a', 'b']), part(2, ['c'], { 'general.name': 'other' })])
    const file = await openGguf(join(own, partName(1, 2)))
    expect(file.files).toEqual([join(own, partName(1, 2)), join(own, partName(2, 2))])
    expect(file.metadata.get('general.name')).toBe('both')
    expect([...file.tensors.values()].map(({ name, path }) => [name, path])).toEqual([
      ['a', file.files[0]],
      ['b', file.files[0]],
      ['c', file.files[1]],
    ])
  })

  const refused: [string, Parameters<typeof writeParts>, string | RegExp][] = [
    ['one that is missing', [[first(['a', 'b'])], 2], /00002-of-00002\.gguf is missing: it is a part/],
    ['a tensor in two of them', [[first(['a', 'b']), part(2, ['a'])]], "has the tensor 'a', which is in"],
    [
      'too few tensors',
      [[first(['a']), part(2, ['c'])]],
      '2 parts have 2 tensors, where it says that they have 3',
    ],
    [
      'one of another place',
      [[first(['a', 'b']), { ...part(1, ['c']), name: partName(2, 2) }]],
      'is not part 2 of 2',
    ],
    [
      'a whole model as one',
      [[first(['a', 'b']), { number: 2, contents: { tensors: [] } }]],
      'is not part 2 of 2',
    ],
  ]
  it.each(refused)('is refused by name with %s', async (_, parts, message) => {
    const own = await writeParts(...parts)
    await expect(openGguf(join(own, partName(1, 2)))).rejects.toMatchObject({
      name: 'SpellmError',
      message: expect.stringMatching(message) as string,
    })
  })

  it('is refused under another path than that of the first, which is named', async () => {
    const own = await writeParts([first(['a', 'b']), part(2, ['c'])])
    await expect(openGguf(join(own, partName(2, 2)))).rejects.toMatchObject({
      message: expect.stringContaining('is part 2 of 2') as string,
      remedy: expect.stringContaining(join(own, partName(1, 2))) as string,
    })
  })
})

describe('the vocabulary of a GGUF', () => {
  const listSchema = z.array(z.array(z.int()))
  it('gives the ids of the tokenizer that it was made from, or those of transformers', async () => {
    const texts = z
      .object({
        texts: z.array(z.string()),
        families: z.record(
          z.string(),
          z.looseObject({ cases: z.array(z.looseObject({ ids: z.array(z.int()) })) }),
        ),
      })
      .parse(JSON.parse(await readFile(join(vocabularies, 'tokenizers/expected.json'), 'utf8')))
    const read = z
      .record(z.string(), listSchema.nullable())
      .parse(JSON.parse(await readFile(join(vocabularies, 'gguf/expected.json'), 'utf8')))
    // A GGUF says nothing of spaces after added tokens (Phi), nor of tokens that no merge makes (the small Gemma).
    const others: Record<string, number> = { 'phi-4': 2, phi3: 3, gemma: 5, t5: 8 }
    for (const [family, transformers] of Object.entries(read)) {
      const tokenizer = await openTokenizer(join(vocabularies, 'gguf', `${family}.gguf`))
      const { cases, begin, end } = texts.families[family]!
      let different = 0
      for (const [i, text] of texts.texts.entries()) {
        const ids = tokenizer.encode(text)
        const own = cases[i]!.ids
        if (ids.join() === own.join()) continue
        different++
        expect(ids, `${family}: ${text}`).toEqual(transformers?.[i])
      }
      expect([family, different]).toEqual([family, others[family] ?? 0])
      expect(tokenizer.frame).toEqual({ before: begin, after: end })
    }
  })

  const tokens = ['a', 'b', 'ab', '<|im_end|>', '<|endoftext|>']
  const vocabulary = {
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': 'gpt-2',
    'tokenizer.ggml.tokens': tokens,
    'tokenizer.ggml.token_type': array(5, [1, 1, 1, 3, 3]),
    'tokenizer.ggml.merges': ['a b'],
    'tokenizer.ggml.eos_token_id': 4,
  }

  it('names the tokens at which generation ends, also the one that only the chat template writes', async () => {
    const template = "{{ eos_token }}{% for m in messages %}{{ m['content'] }}<|im_end|>{% endfor %}"
    const plain = await write({ metadata: vocabulary })
    const chat = await write({ metadata: { ...vocabulary, 'tokenizer.chat_template': template } })
    expect(readGgufStopTokens(await openGguf(plain))).toEqual([4])
    expect(readGgufStopTokens(await openGguf(chat))).toEqual([4, 3])
    expect(await openChatTemplate(plain)).toBeNull()
    expect(await openChatTemplate(chat)).toMatchObject({
      source: template,
      specialTokens: { eos_token: '<|endoftext|>' },
    })
    expect((await openTokenizer(chat)).encode('abb<|im_end|>')).toEqual([2, 1, 3])
  })

  const refused: [string, NonNullable<GgufContents['metadata']>, string][] = [
    ['a way to split that is not known', { 'tokenizer.ggml.pre': 'future' }, "'future'"],
    ['a kind that is not known', { 'tokenizer.ggml.model': 'rwkv' }, "'rwkv'"],
    ['types of another length', { 'tokenizer.ggml.token_type': array(5, [1]) }, '1 entries for 5 tokens'],
    [
      'a token twice',
      {
        'tokenizer.ggml.tokens': ['a', 'b', 'ab', 'a', 'a'],
        'tokenizer.ggml.token_type': array(5, [1, 1, 1, 1, 1]),
      },
      'twice',
    ],
    ['an end outside of it', { 'tokenizer.ggml.eos_token_id': 5 }, 'there are 5 tokens'],
    ['a merge of tokens that are missing', { 'tokenizer.ggml.merges': ['a c'] }, 'not in the vocabulary'],
    ['tokens that are numbers', { 'tokenizer.ggml.tokens': array(5, [1]) }, 'tokenizer.ggml.tokens'],
  ]
  it.each(refused)('with %s is refused by name', async (_, changes, message) => {
    const file = await write({ metadata: { ...vocabulary, ...changes } })
    await expect(openTokenizer(file)).rejects.toMatchObject({
      name: 'SpellmError',
      message: expect.stringContaining(message) as string,
    })
  })
})
