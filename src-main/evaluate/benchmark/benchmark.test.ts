import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CancelledError } from '../../errors.ts'
import { openSafetensors } from '../../formats/safetensors.ts'
import { openBaseModel, openModelTokenizer } from '../../models/base-model.ts'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'
import { withPrecision } from '../../models/precision.ts'
import { openBenchmarkModel, untrainedModel, type BenchmarkModel } from './benchmark-model.ts'
import { runBenchmark } from './benchmark.ts'
import { weightBytes } from './weight-bytes.ts'
import { decodeModes } from '../../spellm/decode-modes.ts'

let scratch = ''
let model: BenchmarkModel
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-benchmark-'))
  model = await openBenchmarkModel(sampleModelName, {})
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const options = { steps: 5, modes: decodeModes, candidates: 8 }

it('sees the keys and values of a longer context, and tells how far it is', async () => {
  const told: number[] = []
  const { contexts, text } = await runBenchmark(model, {
    ...options,
    contexts: [100, 300],
    onProgress: (done, total) => told.push(done / total),
  })
  // Six layers of keys and values: four heads of 64 floats each, with room for up to 64 tokens more.
  const { layers, attention } = model.base.architecture
  const token = 2 * layers.length * attention.keyValueHeads * attention.headSize * 4
  expect(contexts.map(({ keyValueBytes }) => Math.floor(keyValueBytes / token))).toEqual([128, 320])
  expect(told.at(-1)).toBe(1)
  expect(told).toEqual(told.toSorted((a, b) => a - b))
  // An untrained tail drafts nothing that stands.
  expect(text).toBeNull()
})

it('ends when it is cancelled', async () => {
  const controller = new AbortController()
  const onProgress = () => controller.abort()
  await expect(
    runBenchmark(model, { ...options, contexts: [16], signal: controller.signal, onProgress }),
  ).rejects.toBeInstanceOf(CancelledError)
})

it('reckons the bytes that are on disk', async () => {
  const base = await openBaseModel(modelFolder(sampleModelName))
  const { entries } = await openModelTokenizer(base)
  const quantized = await withPrecision(base, 'int4', 'sample', { folder: scratch })
  const { trunk, head } = weightBytes(untrainedModel(quantized, 'int4', entries))
  const { size } = await stat(join(scratch, 'sample-int4.safetensors'))
  // Norms, which are not quantised, and the header make the difference.
  expect((trunk + head) / size).toBeCloseTo(1, 1)
  const { tensors } = await openSafetensors(join(scratch, 'sample-int4.safetensors'))
  const embedding = base.architecture.head.weight.name
  const ofHead = ['packed', 'scales'].map((part) => tensors.get(`${embedding}.${part}`)!.byteLength)
  expect(head).toBe(ofHead[0]! + ofHead[1]!)
})
