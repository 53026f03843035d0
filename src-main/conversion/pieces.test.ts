import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { stories } from '../../resources/stories/stories.ts'
import { openTextGenerator, type GenerationMode } from '../decode/text-generator.ts'
import { evaluateText } from '../evaluate/evaluate-text.ts'
import { collect } from '../runs/testing/collect.ts'
import { decodeModes } from '../spellm/decode-modes.ts'
import { openSpellm } from '../spellm/spellm.ts'
import { writeShortModel } from '../engine/testing/short-model.ts'
import { convert } from './convert.ts'
import type { ConversionResult } from './result.ts'
import { parseConversionSettings } from './settings.ts'

vi.mock('./conversion-text.ts', async (importOriginal) =>
  (await import('./testing/few-positions.ts')).fewPositions(await importOriginal()),
)

const small = { tokens: 4_000, alphabet: 'pieces:100', adapterWidths: [32], batchTokens: 256, seed: 3 }
const kinds = [
  ['token symbols', {}, 4],
  ['nothing else', { tokenSymbols: 0 }, 4],
  ['words', { units: 'word' }, 12],
] as const

/** The first `count` of what would never end. */
function take(texts: Iterator<string>, count: number): string[] {
  return Array.from({ length: count }, () => texts.next().value as string)
}

let scratch = ''
let base = ''
let text = ''
let firstMerges: string[] = []
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-pieces-'))
  base = join(scratch, 'model')
  text = join(scratch, 'text.txt')
  await writeShortModel(base)
  await writeFile(text, take(stories(4), 150).join('\n'))
  const file = JSON.parse(await readFile(join(base, 'tokenizer.json'), 'utf8')) as {
    model: { merges: string[] }
  }
  // Of ASCII, where Ġ is the space.
  firstMerges = file.model.merges.slice(0, 100).map((merge) => merge.replace(' ', '').replaceAll('Ġ', ' '))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

describe.each(kinds)('a conversion with pieces and %s', (name, change, k) => {
  let run = ''
  let result: ConversionResult
  beforeAll(async () => {
    run = join(scratch, name)
    const settings = parseConversionSettings({ base, texts: [text], ...small, ...change })
    result = await convert(run, settings, { onEvent: () => undefined })
  }, 600_000)

  it('spells with the tokenizer’s first merges', async () => {
    const { alphabet } = (await openSpellm(join(run, 'spellm'))).speller
    if (alphabet.unit !== 'piece') throw new TypeError('expected pieces')
    expect(alphabet.pieces.map((digits) => Buffer.from(digits, 'hex').toString())).toEqual(firstMerges)
    const symbols = alphabet.tokenSymbols?.length ?? 0
    expect(result).toMatchObject({ k, tokenSymbols: symbols })
    // Bytes, pieces, END; then OTHER or the special tokens.
    expect(result.alphabetSize).toBe(256 + 100 + 1 + (symbols > 0 ? 1 : alphabet.specialTokens.length))
    expect(result.coverage.corpus.uncovered).toBe(0)
  })

  it('writes in every mode, in lossless mode the base model’s text', async () => {
    const generator = await openTextGenerator(run)
    const write = (prompt: string, mode: GenerationMode) =>
      collect(
        generator.write(prompt, generator.createKvContext(), {
          mode,
          sampling: null,
          maxTokens: 30,
          stop: [],
        }),
      )
    for (const prompt of ['Once upon a time', '"No']) {
      for (const mode of decodeModes) expect((await write(prompt, mode)).length, mode).toBeGreaterThan(0)
      expect(await write(prompt, 'lossless')).toEqual(await write(prompt, 'base'))
    }
    await generator.release()
  })

  it('is evaluated as others are', async () => {
    const spellm = await openSpellm(join(run, 'spellm'))
    const { agreement } = await evaluateText(spellm, stories(9), { positions: 512 })
    expect(agreement.agreement.trie!.value).toBeGreaterThan(0)
    expect(agreement.agreement.free!.value).toBeGreaterThan(0)
  })
})

describe('settings with pieces', () => {
  it('spell with at most four unless somebody asks for more', () => {
    expect(parseConversionSettings({ base, alphabet: 'pieces' }).k).toBe(4)
    expect(parseConversionSettings({ base, alphabet: 'pieces:1000', tokenSymbols: 0 }).k).toBe(4)
    expect(parseConversionSettings({ base, alphabet: 'pieces', k: 9 }).k).toBe(9)
    expect(parseConversionSettings({ base, alphabet: 'bytes' }).k).toBe(12)
  })

  it('name a count that makes no sense', () =>
    expect(() => parseConversionSettings({ base, alphabet: 'pieces:0' })).toThrow(
      expect.objectContaining({ code: 'setting-invalid' }),
    ))
})
