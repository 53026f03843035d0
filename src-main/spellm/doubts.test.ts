import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { writeSafetensors } from '../formats/safetensors.ts'
import { alphabetSize, parseAlphabet, withTokenSymbols } from '../spelling/alphabet.ts'
import { buildSpeller } from '../spelling/speller.ts'
import { openBaseModel, openModelTokenizer } from '../models/base-model.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { tailParameterShapes } from '../models/tail.ts'
import { hasTokenSymbols, hashBaseModel, openSpellm, saveSpellm } from './spellm.ts'
import { readDoubts, writeDoubts } from './doubts.ts'
import { tailShape } from './tail-session.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spellm-doubts-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const recorded = {
  lengths: Int32Array.of(2, 0, 1),
  doubts: Float32Array.of(-3.5, 0.25, -Infinity),
  isRight: Uint8Array.of(1, 0, 1),
}

it.each([
  { anchor: 0, format: 2 },
  { anchor: 0.5, format: 3 },
])(
  'keeps a SpeLLM with token symbols: format $format, with its bias, context symbols and doubts',
  async ({ anchor, format }) => {
    const base = await openBaseModel(modelFolder(sampleModelName))
    const { entries } = await openModelTokenizer(base)
    const alphabet = withTokenSymbols(parseAlphabet('ascii', entries), [300, 7])
    const speller = buildSpeller(entries, alphabet, 4)
    const { hiddenSize } = base.architecture
    const shape = tailShape(hiddenSize, [8], speller)
    const weights = new Map(
      [...tailParameterShapes(shape)].map(([name, [rows, columns]], i) => [
        name,
        new Float32Array(rows * columns).fill(i + 1),
      ]),
    )
    const path = join(folder, 'spellm')
    const reference = { path: sampleModelName, sha256: await hashBaseModel(base) }
    await saveSpellm(path, reference, {
      speller,
      adapterWidths: [8],
      weights,
      gates: [],
      precision: 'stored',
      contextSymbols: 512,
      anchor,
      doubts: recorded,
      hiddenSize,
    })
    const opened = await openSpellm(path)
    expect(hasTokenSymbols(opened)).toBe(true)
    expect(opened.speller.alphabet).toEqual(alphabet)
    expect(opened.contextSymbols).toBe(512)
    expect(opened.anchor).toBe(anchor)
    expect(opened.doubts).toEqual(recorded)
    expect(opened.weights.get('heads.bias')).toHaveLength(4 * alphabetSize(alphabet))
    expect(opened.weights).toEqual(weights)

    // As earlier versions wrote it, before there was an anchor.
    const file = join(path, 'spellm.json')
    const stored = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>
    expect(stored['format']).toBe(format)
    await writeFile(file, JSON.stringify({ ...stored, format: 2, anchor: undefined }))
    expect((await openSpellm(path)).anchor).toBe(0)
  },
)

it('refuses doubts that are damaged', async () => {
  const path = join(folder, 'doubts.safetensors')
  await writeDoubts(path, recorded)
  expect(await readDoubts(path)).toEqual(recorded)
  const tensor = (dtype: 'I32' | 'F32' | 'U8', data: Int32Array | Float32Array | Uint8Array) => ({
    dtype,
    shape: [data.length],
    data,
  })
  const whole = {
    lengths: tensor('I32', recorded.lengths),
    doubts: tensor('F32', recorded.doubts),
    isRight: tensor('U8', recorded.isRight),
  }
  const drawn = {
    lengths: Int32Array.of(1, 3),
    doubts: Float32Array.of(-1, 2, Infinity, 0),
    isRight: Uint8Array.of(1, 0, 0, 1),
  }
  const withDraws = { ...recorded, drawn: { ...drawn, rowsRead: Int32Array.of(0, 8, 8, 0) } }
  await writeDoubts(path, withDraws)
  expect(await readDoubts(path)).toEqual(withDraws)
  for (const wrong of [
    { ...whole, lengths: tensor('I32', Int32Array.of(2, 2)) },
    { ...whole, lengths: tensor('I32', Int32Array.of(4, -1)) },
    { ...whole, doubts: tensor('F32', Float32Array.of(1, NaN, 1)) },
    { ...whole, isRight: tensor('U8', Uint8Array.of(1)) },
    { lengths: whole.lengths, doubts: whole.doubts },
    { ...whole, 'drawn.doubts': tensor('F32', drawn.doubts) },
    ...[
      { lengths: Int32Array.of(1, 2), doubts: drawn.doubts },
      { lengths: Int32Array.of(5, -1), doubts: drawn.doubts },
      { lengths: Int32Array.of(1), doubts: Float32Array.of(NaN) },
    ].map(({ lengths, doubts }) => ({
      ...whole,
      'drawn.lengths': tensor('I32', lengths),
      'drawn.doubts': tensor('F32', doubts),
      'drawn.isRight': tensor('U8', new Uint8Array(doubts.length)),
    })),
  ]) {
    await writeSafetensors(path, wrong)
    await expect(readDoubts(path)).rejects.toMatchObject({ code: 'file-invalid' })
  }
  await writeFile(path, 'not a tensor')
  await expect(readDoubts(path)).rejects.toMatchObject({ code: 'file-invalid' })
})
