import { mkdir, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Architecture } from '../../models/architecture.ts'
import { openBaseModel } from '../../models/base-model.ts'
import { temporaryFolder } from '../../runs/testing/temporary-folder.ts'
import { findLlamaCpp, openLlamaCpp } from './peer.ts'

const testing = join(import.meta.dirname, '../../models/testing')
const root = join(import.meta.dirname, '../../..')
/** A tiny model's, with a vocabulary that llama.cpp takes. */
const architectureOf = async (name: string) => ({
  ...(await openBaseModel(join(testing, name))).architecture,
  vocabularySize: 512,
})

it('tells where llama.cpp is missing, and what to do', async () => {
  const empty = await temporaryFolder()
  expect(findLlamaCpp([empty])).toBeUndefined()
  await expect(
    openLlamaCpp(empty, await architectureOf('gqa-tied'), 'stored', { contextLength: 8 }),
  ).rejects.toMatchObject({
    code: 'setting-invalid',
    remedy: expect.stringContaining("'npm install node-llama-cpp'") as string,
  })
})

it('refuses a shape that no file can be written for', async () => {
  // Refused before anything of it is loaded.
  const installed = await temporaryFolder()
  await mkdir(join(installed, 'node_modules/node-llama-cpp'), { recursive: true })
  const open = (architecture: Architecture) =>
    openLlamaCpp(installed, architecture, 'stored', { contextLength: 8 })
  await expect(open(await architectureOf('gpt2'))).rejects.toMatchObject({ code: 'model-unsupported' })
  await expect(open({ ...(await architectureOf('gqa-tied')), vocabularySize: 200 })).rejects.toMatchObject({
    code: 'model-unsupported',
    message: expect.stringContaining('200 tokens') as string,
  })
})

const installation = findLlamaCpp([root])
if (installation === undefined)
  console.log('skipped: decoding by llama.cpp (node-llama-cpp is not installed in the project’s folder)')

it.skipIf(installation === undefined).each(['gqa-tied', 'mha-untied', 'gemma3'])(
  'llama.cpp decodes the shape of %s, and no file is left',
  async (name) => {
    const folders = async () =>
      (await readdir(tmpdir())).filter((name) => name.startsWith('spellm-llama-cpp-'))
    const before = await folders()
    const peer = await openLlamaCpp(installation!, await architectureOf(name), 'stored', {
      contextLength: 20,
    })
    await peer.prepare(16)
    await peer.step()
    await peer.step()
    await peer.close()
    expect(await folders()).toEqual(before)
  },
)
