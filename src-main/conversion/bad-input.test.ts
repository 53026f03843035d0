import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSpellm } from '../spellm/spellm.ts'
import { openSafetensors, readTensor, writeSafetensors } from '../formats/safetensors.ts'
import { modelFolder } from '../models/model-folder.ts'
import { convert, resumeConversion } from './convert.ts'
import { parseConversionSettings } from './settings.ts'

let scratch = ''
let count = 0
beforeAll(async () => (scratch = await mkdtemp(join(tmpdir(), 'spellm-bad-input-'))))
afterAll(() => rm(scratch, { recursive: true, force: true }))

const options = { onEvent: () => undefined }

/** A copy of the sample model, to be damaged. */
async function modelCopy(): Promise<string> {
  const folder = join(scratch, `model-${count++}`)
  await mkdir(folder)
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors'])
    await cp(join(modelFolder('sample'), name), join(folder, name))
  return folder
}

async function editJson(path: string, change: (json: Record<string, unknown>) => void): Promise<void> {
  const json = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>
  change(json)
  await writeFile(path, JSON.stringify(json))
}

async function rewriteWeights(
  folder: string,
  change: (name: string, data: Float32Array) => void,
): Promise<void> {
  const path = join(folder, 'model.safetensors')
  const { tensors } = await openSafetensors(path)
  const changed: Record<string, { dtype: 'F32'; shape: readonly number[]; data: Float32Array }> = {}
  for (const [name, entry] of tensors) {
    const data = await readTensor(entry)
    change(name, data)
    changed[name] = { dtype: 'F32', shape: entry.shape, data }
  }
  await writeSafetensors(path, changed)
}

const damages: [string, (folder: string) => Promise<void>, { code: string; message: RegExp }][] = [
  [
    'truncated weights',
    (f) => truncate(join(f, 'model.safetensors'), 5_000_000),
    { code: 'file-invalid', message: /ends at byte/ },
  ],
  [
    'weights whose header lies',
    (f) => writeFile(join(f, 'model.safetensors'), Buffer.alloc(64, 255)),
    { code: 'file-invalid', message: /claims a header/ },
  ],
  [
    'NaN weights',
    (f) => rewriteWeights(f, (name, data) => (name === 'model.norm.weight' ? (data[7] = NaN) : 0)),
    { code: 'model-invalid', message: /'model\.norm\.weight' holds NaN at index 7/ },
  ],
  [
    'no weights',
    (f) => unlink(join(f, 'model.safetensors')),
    { code: 'file-not-found', message: /model\.safetensors/ },
  ],
  [
    'a missing shard',
    async (f) => {
      await unlink(join(f, 'model.safetensors'))
      await writeFile(
        join(f, 'model.safetensors.index.json'),
        '{"weight_map":{"a":"model-00001-of-00002.safetensors"}}',
      )
    },
    { code: 'file-not-found', message: /model-00001-of-00002\.safetensors is missing/ },
  ],
  [
    'an unknown architecture',
    (f) => editJson(join(f, 'config.json'), (c) => (c['model_type'] = 'mamba')),
    { code: 'model-unsupported', message: /'mamba'/ },
  ],
  [
    'an absurd size',
    (f) => editJson(join(f, 'config.json'), (c) => (c['hidden_size'] = 1e9)),
    { code: 'file-invalid', message: /hidden_size/ },
  ],
  [
    'sizes of another model',
    (f) => editJson(join(f, 'config.json'), (c) => (c['intermediate_size'] = 700)),
    {
      code: 'model-invalid',
      message: /gate_proj\.weight' has shape \[704, 256\], config\.json asks for \[700, 256\]/,
    },
  ],
  [
    'a missing layer',
    (f) => editJson(join(f, 'config.json'), (c) => (c['num_hidden_layers'] = 7)),
    { code: 'model-invalid', message: /model\.layers\.6\.input_layernorm\.weight' is missing/ },
  ],
  [
    'a tokenizer larger than the embedding',
    (f) =>
      editJson(join(f, 'tokenizer.json'), (t) =>
        (t['added_tokens'] as unknown[]).push({ id: 4096, content: '<extra>', special: true }),
      ),
    { code: 'tokenizer-mismatch', message: /4097 tokens, the embedding only 4096 rows/ },
  ],
  [
    'no tokenizer',
    (f) => unlink(join(f, 'tokenizer.json')),
    { code: 'file-not-found', message: /tokenizer\.json/ },
  ],
]

describe('a conversion refuses, and leaves nothing behind:', () => {
  it.each(damages)('%s', async (_, damage, { code, message }) => {
    const base = await modelCopy()
    await damage(base)
    const out = join(scratch, `run-${count++}`)
    const settings = parseConversionSettings({ base, texts: [join(base, 'config.json')] })
    await expect(convert(out, settings, options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
      remedy: expect.stringMatching(/./) as string,
    })
    expect(await readdir(scratch)).not.toContain(out.slice(scratch.length + 1))
  })

  it.each([
    ['an empty text', '', { code: 'text-invalid', message: /holds no text/ }],
    ['a binary text', Buffer.from([1, 2, 0, 3]), { code: 'text-invalid', message: /NUL/ }],
    [
      'too little text',
      'Once upon a time.',
      { code: 'text-invalid', message: /has 5 tokens|has \d+ tokens; at least/ },
    ],
  ])('%s', async (_, contents, { code, message }) => {
    const text = join(scratch, `text-${count++}.txt`)
    await writeFile(text, contents)
    const out = join(scratch, `run-${count++}`)
    await expect(
      convert(out, parseConversionSettings({ base: 'sample', texts: [text] }), options),
    ).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string })
    expect(await readdir(scratch)).not.toContain(out.slice(scratch.length + 1))
  })

  it.each([
    ['an alphabet that covers nothing', { alphabet: 'characters:\u4e00' }],
    ['an alphabet with half a character', { alphabet: 'characters:\ud800' }],
    ['an alphabet that it does not know', { alphabet: 'klingon' }],
    ['a batch larger than the text', { tokens: 20_000, batchTokens: 1_000_000 }],
  ])('%s', async (_, setting) => {
    const out = join(scratch, `run-${count++}`)
    const settings = parseConversionSettings({ base: 'sample', tokens: 20_000, ...setting })
    await expect(convert(out, settings, options)).rejects.toMatchObject({ code: 'setting-invalid' })
    expect(await readdir(scratch)).not.toContain(out.slice(scratch.length + 1))
  })

  it('settings out of bounds, by name', () => {
    expect(() => parseConversionSettings({ base: 'sample', k: 0 })).toThrow(/The setting 'k' is 0/)
    expect(() => parseConversionSettings({ base: 'sample', k: 65 })).toThrow(/The setting 'k' is 65/)
    expect(() => parseConversionSettings({ base: 'sample', tokens: 10 })).toThrow(
      /The setting 'tokens' is 10/,
    )
    expect(() => parseConversionSettings({ base: 'sample', device: 'toaster' as 'cpu' })).toThrow(
      /The setting 'device' is "toaster"/,
    )
  })

  it('an output folder that is not empty, which it leaves as it was', async () => {
    const out = join(scratch, `run-${count++}`)
    await mkdir(out)
    await writeFile(join(out, 'thesis.txt'), 'mine')
    await expect(convert(out, parseConversionSettings({ base: 'sample' }), options)).rejects.toMatchObject({
      code: 'file-exists',
    })
    expect(await readdir(out)).toEqual(['thesis.txt'])
  })
})

it('a run refuses another base model than its own, and so does its SpeLLM', async () => {
  const base = await modelCopy()
  const out = join(scratch, `run-${count++}`)
  const settings = parseConversionSettings({
    base,
    texts: [join(scratch, 'stories.txt')],
    tokens: 20_000,
    adapterWidths: [16],
    epochs: 1,
    k: 4,
  })
  const { stories } = await import('../../resources/stories/stories.ts')
  const text: string[] = []
  for (const story of stories(4)) if (text.push(story) === 300) break
  await writeFile(join(scratch, 'stories.txt'), text.join('\n<|endoftext|>\n'))
  const result = await convert(out, settings, options)
  expect(result.agreement.positions).toBeGreaterThanOrEqual(20_000)

  await rewriteWeights(base, (_, data) => (data[0]! += 0.01))
  await expect(openSpellm(join(out, 'spellm'))).rejects.toMatchObject({ code: 'run-mismatch' })
  await rm(join(out, 'result.json'))
  await expect(resumeConversion(out, options)).rejects.toMatchObject({ code: 'run-mismatch' })
})
