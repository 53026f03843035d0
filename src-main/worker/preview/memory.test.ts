import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { decoderSize } from '../../decode/decoder-size.ts'
import { openBaseModel, openModelTokenizer } from '../../models/base-model.ts'
import { modelFolder } from '../../models/model-folder.ts'
import { temporaryFolder } from '../../runs/testing/temporary-folder.ts'
import { generationBytes, processBytes } from '../../runtime/memory/estimate.ts'
import { parseAlphabet } from '../../spelling/alphabet.ts'
import { buildSpeller } from '../../spelling/speller.ts'
import { parseConversionSettings } from '../settings.ts'
import { conversionCost } from './conversion-cost.ts'

const root = join(import.meta.dirname, '../..')
const loaders = ['tsx', join(root, 'worker/testing/print-peak-memory.ts')].flatMap((name) => [
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

/** A little too much is better than too little. */
function expectClose(estimate: number, measured: number) {
  expect(estimate / measured).toBeGreaterThan(0.9)
  expect(estimate / measured).toBeLessThan(1.2)
}

// Other systems count memory that is mapped or shared in other ways.
it.runIf(process.platform === 'linux')('the estimate of memory is what the sample model takes', async () => {
  const { architecture, ...base } = await openBaseModel(modelFolder('sample'))
  const pass = { batch: 1, prompt: 8, context: 256 }
  const generation = processBytes + generationBytes(decoderSize(architecture), pass)
  expectClose(generation, await peakMemory('generate', 'sample', '--prompt', 'Once upon a time'))

  const { entries } = await openModelTokenizer({ architecture, ...base })
  const speller = buildSpeller(entries, parseAlphabet('auto', entries), 12)
  const settings = parseConversionSettings({ base: 'sample', tokens: 20_000, epochs: 1 })
  const known = { textTokens: null, isWritten: false }
  const { memoryBytes } = conversionCost(architecture, speller, settings, known)
  const out = join(await temporaryFolder(), 'run')
  expectClose(
    memoryBytes,
    await peakMemory('convert', 'sample', '--tokens', '20000', '--epochs', '1', '--out', out),
  )
})
