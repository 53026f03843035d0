import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openSafetensors, readTensor } from '../formats/safetensors.ts'
import { gradients } from '../graph/index.ts'
import { tailParameterShapes, type TailShape } from '../models/tail.ts'
import { createSession, floatData, floatTensor } from '../runtime/session.ts'
import { distributionTrainingGraph } from './distribution-training.ts'

const testing = join(import.meta.dirname, 'testing')
const caseSchema = z.object({
  d: z.int(),
  blocks: z.array(z.int()),
  k: z.int(),
  alphabet: z.int(),
  tokens: z.int(),
  candidates: z.int(),
  scale: z.number(),
  cap: z.number().nullable(),
  loss: z.number(),
})
const cases = z
  .record(z.string(), caseSchema)
  .parse(JSON.parse(await readFile(join(testing, 'distribution.json'), 'utf8')))
const { tensors } = await openSafetensors(join(testing, 'distribution.safetensors'))

describe.each(Object.keys(cases))(
  "learning the distribution of the teacher '%s' agrees with PyTorch",
  (name) => {
    it('in the loss and every gradient', async () => {
      const { d, blocks, k, alphabet, tokens, candidates, scale, cap, loss: expectedLoss } = cases[name]!
      const shape: TailShape = { hiddenSize: d, adapterWidths: blocks, k, alphabetSize: alphabet }
      const head = { weight: { name: 'head', shape: [candidates, d] }, scale, cap }
      const { loss, parameters } = distributionTrainingGraph(
        shape,
        { head },
        { tokens, candidates },
        'float32',
      )
      const names = [...parameters.keys()]
      const derivatives = gradients(
        loss,
        names.map((parameter) => parameters.get(parameter)!.value),
      )
      const session = await createSession({
        loss,
        ...Object.fromEntries(names.map((parameter, i) => [`d.${parameter}`, derivatives[i]!])),
      })
      const read = (tensor: string) => readTensor(tensors.get(`${name}.${tensor}`)!)
      const fed = async (tensor: string, size: readonly number[]) => floatTensor(await read(tensor), size)
      const feeds = {
        hidden: await fed('hidden', [tokens, d]),
        headRows: await fed('headRows', [candidates, d]),
        spellings: await fed('spellings', [candidates, k * alphabet]),
        logWeights: await fed('logWeights', [1, candidates]),
      }
      const weights: Record<string, (typeof feeds)['hidden']> = {}
      for (const [parameter, size] of tailParameterShapes(shape))
        weights[parameter] = await fed(`parameters.${parameter}`, size)
      const results = await session.run({ ...feeds, ...weights })
      expect(floatData(results['loss'])[0]).toBeCloseTo(expectedLoss, 5)
      for (const parameter of names) {
        const expected = await read(`gradients.${parameter}`)
        const actual = floatData(results[`d.${parameter}`])
        expect(Math.max(...expected.map((value, i) => Math.abs(value - actual[i]!)))).toBeLessThan(1e-6)
      }
    })
  },
)
