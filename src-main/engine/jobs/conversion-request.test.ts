import { join } from 'node:path'
import { expect, it } from 'vitest'
import { precisions, type ConversionRequest } from '../../contract/index.ts'
import { sampleModelName } from '../../models/model-folder.ts'
import { conversionSettings } from './conversion-request.ts'

const testing = join(import.meta.dirname, '../../models/testing/gguf')
const blocks = join(testing, 'llama-q4_1.gguf')
const settingsOf = (request: Partial<ConversionRequest>) =>
  conversionSettings({ base: sampleModelName, texts: [], ...request })

it('computes with the weights as they are stored unless a request says otherwise', async () => {
  expect(await settingsOf({})).toMatchObject({ precision: 'stored' })
  for (const precision of precisions)
    expect(await settingsOf({ base: blocks, precision })).toMatchObject({ precision })
})

it.each([sampleModelName, join(testing, 'llama-f32.gguf')])(
  'refuses to keep blocks that %s has none of, before anything waits in the queue',
  async (base) => {
    await expect(settingsOf({ base, precision: 'kept' })).rejects.toMatchObject({
      code: 'setting-invalid',
      remedy: expect.stringContaining("'int8'") as string,
    })
  },
)
