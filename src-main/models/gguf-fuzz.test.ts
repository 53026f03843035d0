import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { fuzzGguf } from './testing/mutated-gguf.ts'

let folder: string
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'spellm-gguf-fuzz-'))))
afterAll(() => rm(folder, { recursive: true }))

it('damaged GGUF files are read or refused with an error that says so, and soon', async () => {
  const { read, refused, slowest } = await fuzzGguf(join(folder, 'damaged.gguf'), { count: 350 })
  expect(read).toBeGreaterThan(10)
  expect(refused['file-invalid']).toBeGreaterThan(100)
  expect(slowest).toBeLessThan(10_000)
}, 60_000)
