import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openSafetensors, writeSafetensors } from '../formats/safetensors.ts'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import { openBaseModel } from './base-model.ts'
import { describeWeights, precisions, withPrecision, type Precision } from './precision.ts'

const model = await openBaseModel(join(import.meta.dirname, 'testing/gqa-tied'))

/** A folder with a file of quantised weights of another format. */
async function folderWith(format: string) {
  const folder = await temporaryFolder()
  const file = join(folder, 'test-int8.safetensors')
  const values = { dtype: 'F32', shape: [1], data: Float32Array.of(1) } as const
  await writeSafetensors(file, { values }, { format, base: 'test', bits: '8' })
  return { folder, file }
}

it('makes weights again that an earlier version has quantised', async () => {
  const { folder, file } = await folderWith('spellm-quantized-2')
  const { weights } = await withPrecision(model, 'int8', 'test', { folder })
  expect(weights.isQuantized).toBe(true)
  const { tensors } = await openSafetensors(file)
  expect(tensors.has(`${model.architecture.head.weight.name}.packed`)).toBe(true)
})

it('refuses a file that is not its own', async () => {
  const { folder } = await folderWith('another')
  await expect(withPrecision(model, 'int8', 'test', { folder })).rejects.toMatchObject({
    code: 'file-invalid',
    message: expect.stringContaining('8-bit weights') as string,
  })
})

it('names the precision and the type that the weights came in', () => {
  const named = (precision: Precision) => describeWeights(precision, 'Q4_1')
  expect(precisions.map(named)).toEqual([
    'float32 from Q4_1',
    'Q4_1 as it is',
    'int8 from Q4_1',
    'int4 from Q4_1',
  ])
  expect(describeWeights('int8', null)).toBe('int8')
})
