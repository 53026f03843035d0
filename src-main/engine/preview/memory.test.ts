import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, vi } from 'vitest'
import { decoderSize } from '../../decode/decoder-size.ts'
import { openBaseModel, openModelTokenizer } from '../../models/base-model.ts'
import { writeSafetensors } from '../../formats/safetensors.ts'
import { weightShapes, type Architecture } from '../../models/architecture.ts'
import { llama } from '../../models/families/llama.ts'
import type { Precision } from '../../models/precision.ts'
import { modelFolder } from '../../models/model-folder.ts'
import { seededRandom } from '../../base/random.ts'
import { temporaryFolder } from '../../runs/testing/temporary-folder.ts'
import type { DeviceChoice } from '../../runtime/devices/device.ts'
import {
  blockBytes,
  generationBytes,
  type HeadInMemory,
  headBytes,
  keyValueBytes,
  processBytes,
} from '../../runtime/memory/estimate.ts'
import { parseAlphabet } from '../../spelling/alphabet.ts'
import { buildSpeller } from '../../spelling/speller.ts'
import { symbolSpeller } from '../../conversion/choose-symbols.ts'
import { hasSymbols, parseConversionSettings, symbolAdapterWidths } from '../../conversion/settings.ts'
import { conversionCost } from '../../conversion/conversion-cost.ts'

const root = join(import.meta.dirname, '../..')
const loaders = ['tsx', join(root, 'engine/testing/print-peak-memory.ts')].flatMap((name) => [
  '--import',
  name,
])

/** Of the command line, in bytes. */
async function peakMemory(...args: readonly string[]): Promise<number> {
  const { stderr } = await promisify(execFile)(process.execPath, [
    ...loaders,
    join(root, 'cli/main.ts'),
    ...args,
    '--device',
    'cpu',
  ])
  return Number(stderr.trim().split('\n').at(-1))
}

/** Of a short text. */
function generationMemory(
  architecture: Architecture,
  precision: Precision,
  head: HeadInMemory = 'loaded',
): number {
  const size = decoderSize(architecture, precision, 'cpu')
  const pass = { batch: 1, prompt: 8, context: 256, head }
  return processBytes(size) + generationBytes(size, pass)
}

/** A little too much is better than too little. */
function expectClose(estimate: number, measured: number) {
  expect(estimate / measured).toBeGreaterThan(0.9)
  expect(estimate / measured).toBeLessThan(1.2)
}

// Other systems count memory that is mapped or shared in other ways.
it.runIf(process.platform === 'linux')(
  'the estimate of memory is what the sample model takes',
  // When V8 collects buffers outside of its heap is its own matter: a run in which it came late is done again.
  { timeout: 300_000, retry: 2 },
  async () => {
    const { architecture, ...base } = await openBaseModel(modelFolder('sample'))
    const generation = generationMemory(architecture, 'stored')
    expectClose(generation, await peakMemory('generate', 'sample', '--prompt', 'Once upon a time'))

    const { entries } = await openModelTokenizer({ architecture, ...base })
    const known = { textTokens: null, isWritten: false }
    for (const samplingTail of [false, true]) {
      const settings = parseConversionSettings({ base: 'sample', tokens: 20_000, epochs: 1, samplingTail })
      const usage = Float64Array.from(entries, ({ special }) => Number(!special))
      const speller = hasSymbols(settings)
        ? symbolSpeller(
            { entries, vocabularySize: entries.length },
            usage,
            settings,
            symbolAdapterWidths(256),
          )
        : buildSpeller(entries, parseAlphabet('auto', entries), 12)
      const { memoryBytes } = conversionCost(architecture, speller, settings, known)
      const asked = ['--tokens', '20000', '--epochs', '1', ...(samplingTail ? ['--sampling-tail'] : [])]
      const out = join(await temporaryFolder(), 'run')
      expectClose(memoryBytes, await peakMemory('convert', 'sample', ...asked, '--out', out))
    }
  },
)

// The weights of the sample model are a tenth of what the program takes; these are twice as much in float32.
it.runIf(process.platform === 'linux').each(['stored', 'int8', 'int4'] as const)(
  'the estimate of memory is what a larger model takes in %s, also while it is quantised',
  async (precision) => {
    const scratch = await temporaryFolder()
    const folder = join(scratch, 'model')
    await writeWideModel(folder)
    const { architecture } = await openBaseModel(folder)
    vi.stubEnv('SPELLM_DATA', join(scratch, 'data'))
    const options = ['--mode', 'base', '--precision', precision, '--max-tokens', '4']
    const measured = await peakMemory('generate', folder, '--prompt', 'Once upon a time', ...options)
    vi.unstubAllEnvs()
    expectClose(generationMemory(architecture, precision), measured)
  },
  120_000,
)

it('a graphics card takes half for layers, keys and values as stored, and as much for what is quantised', async () => {
  const { architecture } = await openBaseModel(modelFolder('sample'))
  const bytes = (precision: Precision, device: DeviceChoice) => {
    const size = decoderSize(architecture, precision, device)
    return [blockBytes(size), keyValueBytes(size, { batch: 1, tokens: 100 }), headBytes(size)] as const
  }
  const [layers, keyValues, head] = bytes('stored', 'cpu')
  expect(bytes('stored', 'cuda')).toEqual([layers / 2, keyValues / 2, head])
  expect(bytes('int4', 'webgpu')).toEqual(bytes('int4', 'cpu'))
})

/** A model of 119 million weights, of which no two tensors are equal (onnxruntime keeps equal ones once). */
async function writeWideModel(folder: string): Promise<void> {
  const sample = modelFolder('sample')
  const config = JSON.parse(await readFile(join(sample, 'config.json'), 'utf8')) as object
  const wide = { ...config, hidden_size: 1024, intermediate_size: 4096, num_hidden_layers: 7, head_dim: 128 }
  await mkdir(folder)
  await writeFile(join(folder, 'config.json'), JSON.stringify(wide))
  for (const name of ['tokenizer.json', 'tokenizer_config.json'])
    await cp(join(sample, name), join(folder, name))
  const random = seededRandom(1)
  const numbers = Uint16Array.from(
    { length: 1 << 20 },
    () => 0x3c00 + random.below(256) + 0x8000 * random.below(2),
  )
  const facts = { file: 'config.json', hasTensor: () => true }
  const tensors = [...weightShapes(llama.describe(wide, facts))].map(([name, shape]) => {
    const size = shape.reduce((product, length) => product * length, 1)
    const data = new Uint16Array(size)
    let from = random.below(numbers.length)
    for (let at = 0; at < size; from = 0) {
      const piece = numbers.subarray(from, from + size - at)
      data.set(piece, at)
      at += piece.length
    }
    return [name, { dtype: 'BF16' as const, shape, data }] as const
  })
  await writeSafetensors(join(folder, 'model.safetensors'), Object.fromEntries(tensors))
}
