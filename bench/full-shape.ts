/**
 * Converts a model of real shape with random weights and lets it write, on the CPU, and puts the memory that each
 * command took compared with its estimate:
 *
 *     npx tsx bench/full-shape.ts smollm2-135m [--folder DIR]
 */
import { spawn } from 'node:child_process'
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { stories } from '../resources/stories/stories.ts'
import { decoderSize } from '../src-main/decode/decoder-size.ts'
import { openBaseModel, openModelTokenizer } from '../src-main/models/base-model.ts'
import { generationBytes, processBytes } from '../src-main/runtime/memory/estimate.ts'
import { parseAlphabet } from '../src-main/spelling/alphabet.ts'
import { buildSpeller } from '../src-main/spelling/speller.ts'
import { conversionCost } from '../src-main/conversion/conversion-cost.ts'
import { parseConversionSettings } from '../src-main/conversion/settings.ts'
import { randomModel } from './models/random-model.ts'
import { realTokenizer } from './models/real-tokenizer.ts'
import { shapes, type ShapeName } from './models/shapes.ts'

const tokens = 20_000
const textCharacters = 600_000
const source = join(import.meta.dirname, '..', 'src-main')

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: 'string', default: join(tmpdir(), 'spellm-bench-models') } },
})
const shape = z.enum(Object.keys(shapes) as ShapeName[]).parse(positionals[0])

const folder = await randomModel(shape, values.folder, realTokenizer(shapes[shape].vocab_size))
const text = join(folder, 'stories.txt')
await writeFile(text, someStories())
const run = join(folder, 'run')
await rm(run, { recursive: true, force: true })

const base = await openBaseModel(folder)
const { architecture } = base
const { entries } = await openModelTokenizer(base)
const settings = parseConversionSettings({ base: folder, tokens, epochs: 1, tokenSymbols: 0, device: 'cpu' })
const speller = buildSpeller(entries, parseAlphabet(settings.alphabet, entries), settings.k)
const { memoryBytes } = conversionCost(architecture, speller, settings, {
  textTokens: null,
  isWritten: false,
})
const converting = ['--tokens', String(tokens), '--epochs', '1', '--text', text, '--out', run]
await report('convert', memoryBytes, ['convert', folder, ...converting])

const size = decoderSize(architecture, 'stored', 'cpu')
const writing = ['--prompt', 'Once upon a time', '--max-tokens', '32']
for (const [mode, head] of [
  ['trie', 'none'],
  ['base', 'loaded'],
] as const) {
  const generation = processBytes(size) + generationBytes(size, { batch: 1, prompt: 8, context: 256, head })
  await report(`generate --mode ${mode}`, generation, ['generate', run, '--mode', mode, ...writing])
}

function someStories(): string {
  let written = ''
  for (const story of stories(1)) {
    written += `${story}\n<|endoftext|>\n`
    if (written.length > textCharacters) break
  }
  return written
}

/** Runs a command of `spellm` and prints its time and memory. */
async function report(name: string, estimate: number, args: readonly string[]): Promise<void> {
  const started = performance.now()
  const loaders = ['tsx', join(source, 'engine/testing/print-peak-memory.ts')].flatMap((loader) => [
    '--import',
    loader,
  ])
  const child = spawn(
    process.execPath,
    [...loaders, join(source, 'cli/main.ts'), ...args, '--device', 'cpu', '--json'],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    errors += piece
    process.stderr.write(piece)
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new Error(`spellm ${name} ended with ${String(code)}`)
  const peak = Number(errors.trim().split('\n').at(-1))
  const seconds = (performance.now() - started) / 1000
  console.log(
    `${shape} ${name}: ${seconds.toFixed(0)} s, peak ${(peak / 1e9).toFixed(2)} GB, estimated ${(estimate / 1e9).toFixed(2)} GB (${(estimate / peak).toFixed(2)})`,
  )
}
