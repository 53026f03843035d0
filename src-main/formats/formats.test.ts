import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { removeStaleTemporaryFiles, writeFileAtomically, writeJsonAtomically } from '../base/atomic-file.ts'
import { float16ToFloat32, float32ToFloat16 } from './half.ts'
import { readJsonFile } from './json-file.ts'
import { readTexts } from './text-source.ts'

const testing = join(import.meta.dirname, 'testing')
let folder = ''
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'spellm-formats-'))))
afterAll(() => rm(folder, { recursive: true }))

describe('writeFileAtomically', () => {
  it('keeps the old contents and leaves no other file when the disk is full', async () => {
    const path = join(folder, 'atomic', 'value.json')
    await (await import('node:fs/promises')).mkdir(join(folder, 'atomic'))
    await writeJsonAtomically(path, { old: true })
    const writing = writeFileAtomically(path, async (file) => {
      await file.writeFile('half of the new con')
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    })
    await expect(writing).rejects.toMatchObject({
      code: 'disk-full',
      message: expect.stringContaining(path) as string,
    })
    expect(await readdir(join(folder, 'atomic'))).toEqual(['value.json'])
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({ old: true })
  })

  it('removes temporary files of dead processes only', async () => {
    const dead = join(folder, '.x.4194303-0123456789ab.tmp')
    const living = join(folder, `.x.${process.pid}-0123456789ab.tmp`)
    const foreign = join(folder, 'notes.tmp')
    for (const path of [dead, living, foreign]) await writeFile(path, '')
    await removeStaleTemporaryFiles(folder)
    const names = await readdir(folder)
    expect(names).not.toContain('.x.4194303-0123456789ab.tmp')
    expect(names).toEqual(expect.arrayContaining([`.x.${process.pid}-0123456789ab.tmp`, 'notes.tmp']))
    await removeStaleTemporaryFiles(join(folder, 'no such folder'))
  })
})

describe('readJsonFile', () => {
  const schema = z.object({ a: z.object({ b: z.number() }) })
  const written = async (text: string) => {
    const path = join(folder, 'file.json')
    await writeFile(path, text)
    return path
  }
  it('names the field that is wrong', async () => {
    const path = await written('{"a":{"b":"x"}}')
    await expect(readJsonFile(path, schema, { maxBytes: 100 })).rejects.toMatchObject({
      code: 'file-invalid',
      message: expect.stringContaining("field 'a.b'") as string,
    })
  })
  it('refuses too large files and files that are no JSON; takes a byte order mark', async () => {
    await expect(readJsonFile(await written('{"a":{"b":1}}'), schema, { maxBytes: 5 })).rejects.toMatchObject(
      { code: 'file-invalid' },
    )
    await expect(readJsonFile(await written('<html>'), schema, { maxBytes: 100 })).rejects.toMatchObject({
      message: expect.stringContaining('is not JSON') as string,
    })
    expect(await readJsonFile(await written('\uFEFF{"a":{"b":1}}'), schema, { maxBytes: 100 })).toEqual({
      a: { b: 1 },
    })
  })
})

describe('half precision', () => {
  it('rounds as numpy does', async () => {
    const reference = JSON.parse(await readFile(join(testing, 'half.json'), 'utf8')) as {
      float32: number[]
      float16: number[]
    }
    const floats = new Float32Array(Uint32Array.from(reference.float32).buffer)
    expect([...float32ToFloat16(floats)]).toEqual(reference.float16)
  })
  it('keeps all 65,536 patterns', () => {
    const patterns = Uint16Array.from({ length: 65_536 }, (_, i) => i)
    const back = float32ToFloat16(float16ToFloat32(patterns))
    const isNaNPattern = (half: number) => (half & 0x7c00) === 0x7c00 && (half & 0x3ff) !== 0
    expect(patterns.filter((half, i) => half !== back[i] && !isNaNPattern(half)).length).toBe(0)
    expect(patterns.filter(isNaNPattern).every((half) => isNaNPattern(back[half]!))).toBe(true)
  })
})

describe('readTexts', () => {
  const written = async (name: string, contents: string | Uint8Array) => {
    const path = join(folder, name)
    await writeFile(path, contents)
    return path
  }
  const all = async (...paths: string[]) => {
    const documents: string[] = []
    for await (const document of readTexts(paths)) documents.push(document)
    return documents
  }

  it('splits plain text at <|endoftext|> lines', async () => {
    expect(await all(await written('a.txt', '\uFEFFone\n\ntwo\r\n<|endoftext|>\nthree\n'))).toEqual([
      'one\n\ntwo',
      'three',
    ])
  })
  it('takes the field text of each line of JSONL', async () => {
    expect(await all(await written('a.jsonl', '{"text":"one\\ntwo"}\n\n{"text":"three"}'))).toEqual([
      'one\ntwo',
      'three',
    ])
  })
  it('cuts a line of 1 MB into bounded pieces that join to it', async () => {
    const line = 'word '.repeat(100_000) + 'x'.repeat(500_000)
    const pieces = await all(await written('long.txt', line))
    expect(pieces.join('')).toBe(line)
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(65_536)
  })
  it.each([
    ['empty.txt', '', /holds no text/],
    ['blank.txt', ' \n\n ', /holds no text/],
    ['binary.txt', Uint8Array.of(65, 66, 0, 67), /byte 2 is NUL/],
    ['latin1.txt', Uint8Array.of(65, 0xe9, 65, 10), /not UTF-8/],
    ['cut.txt', Uint8Array.of(65, 0xf0, 0x9f), /not UTF-8/],
    ['bad.jsonl', '{"text":"a"}\nnope\n', /line 2 is not JSON/],
    ['field.jsonl', '{"txt":"a"}\n', /line 1 has no string in the field 'text'/],
  ])('refuses %s, saying where', async (name, contents, message) => {
    const path = await written(name, contents)
    await expect(all(path)).rejects.toMatchObject({
      code: 'text-invalid',
      message: expect.stringMatching(message) as string,
    })
  })
  it('names a file that is not there', async () => {
    await expect(all(join(folder, 'none.txt'))).rejects.toMatchObject({ code: 'file-not-found' })
  })
})
