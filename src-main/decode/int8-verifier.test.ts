import { describe, expect, it, onTestFinished } from 'vitest'
import { openBaseModel, type BaseModel } from '../models/base-model.ts'
import { openHeadRows } from '../models/head-rows.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { withPrecision } from '../models/precision.ts'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import { int8Columns } from './int8-rows.ts'
import { createInt8Verifier, type Int8VerifierOptions } from './int8-verifier.ts'
import { createBaseHead } from './chooser.ts'
import { greedyStates } from './testing/greedy-states.ts'

const openSample = () => openBaseModel(modelFolder(sampleModelName))

async function open(
  model: BaseModel,
  options: Partial<Int8VerifierOptions> = {},
  logits?: (hidden: Float32Array) => Promise<Float32Array>,
) {
  const { vocabularySize, hiddenSize } = model.architecture
  const own = await createBaseHead(model)
  const head = {
    ...own,
    ...(logits ? { logits } : {}),
    hiddenSize,
    rescored: 0,
    choices: (hidden: Float32Array) => own.greedyRows(hidden),
  }
  const verifier = createInt8Verifier(model, {
    validTokens: vocabularySize,
    device: 'cpu',
    threads: undefined,
    isFree: () => Promise.resolve(true),
    ownHead: () => Promise.resolve(head),
    typicalStates: async () => (await greedyStates(model, 20)).hidden,
    ...options,
  })
  onTestFinished(async () => {
    await verifier.release()
    await own.release()
  })
  return verifier
}

describe('the exact int8 head of a loaded model', () => {
  it.each(['stored', 'int8', 'int4'] as const)(
    'chooses as base mode does, and is opened once: %s',
    async (precision) => {
      const model = await withPrecision(await openSample(), precision, 'test', {
        folder: await temporaryFolder(),
      })
      const { hidden, choices } = await greedyStates(model, 300)
      const verifier = await open(model)
      const head = (await verifier.get())!
      expect(await head.choices(hidden)).toEqual(choices)
      expect(await verifier.get()).toBe(head)
    },
  )

  it('isn’t there where a head’s product reads states as they are, for other devices, and where memory is short', async () => {
    const model = await openSample()
    const quantised = await withPrecision(model, 'int8', 'test', { folder: await temporaryFolder() })
    const { hiddenSize: d } = model.architecture
    const rows = openHeadRows(quantised)
    onTestFinished(() => rows.close())
    const all = Array.from({ length: model.architecture.vocabularySize }, (_, token) => token)
    const asTheyAre = (hidden: Float32Array) => Promise.resolve(rows.logits(hidden.slice(0, d), all))
    expect(await (await open(quantised, {}, asTheyAre)).get()).toBeNull()
    expect(await (await open(model, { device: 'webgpu' })).get()).toBeNull()
    const asked: number[] = []
    const isFree = (bytes: number) => Promise.resolve(asked.push(bytes) === 0)
    const { vocabularySize, hiddenSize } = model.architecture
    expect(await (await open(model, { isFree })).get()).toBeNull()
    expect(asked).toEqual([2 * vocabularySize * int8Columns(hiddenSize)])
  })

  it('is kept after a comparison only if that says so', async () => {
    const model = await openSample()
    const { hidden, choices } = await greedyStates(model, 2)
    for (const isKept of [false, true]) {
      const verifier = await open(model)
      const compared = await verifier.compare((head) => Promise.resolve({ isKept, result: head! }))
      const kept = (await verifier.get())!
      expect(kept === compared).toBe(isKept)
      expect(await kept.choices(hidden)).toEqual(choices)
      // What is kept already is compared as it is, and stays whatever that says.
      expect(await verifier.compare((head) => Promise.resolve({ isKept: false, result: head }))).toBe(kept)
      expect(await kept.choices(hidden)).toEqual(choices)
    }
  })
})
