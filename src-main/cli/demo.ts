import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import colors from 'picocolors'
import { chart } from './chart.ts'
import { openTextGenerator } from '../decode/text-generator.ts'
import { convert } from '../conversion/convert.ts'
import type { ConversionEvent } from '../conversion/events.ts'
import { parseConversionSettings } from '../conversion/settings.ts'
import { conversionView } from './conversion-view.ts'
import { describeResult } from './describe-conversion.ts'
import { writeText } from './generate.ts'
import { interruptSignal } from './output.ts'

const prompts = ['Once upon a time, a shy hedgehog', 'It was winter, and', '"Where is my']
const demoTokens = 80

/** `spellm demo`. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('Convert the sample model at default settings and compare what base model and SpeLLM write.')
    .option('--out <folder>', 'keep the run in this folder')
    .action(async ({ out }: { out?: string }) => {
      const scratch = out === undefined ? await mkdtemp(join(tmpdir(), 'spellm-demo-')) : null
      const folder = out ?? join(scratch!, 'run')
      const view = conversionView()
      const losses: number[] = []
      const onEvent = (event: ConversionEvent) => {
        if (event.type === 'step') losses.push(event.loss)
        view.onEvent(event)
      }
      try {
        console.log(
          `A model that writes stories becomes a SpeLLM: the tokens that it wants most stay symbols of their own, 12 heads over characters spell the rest, and its LM head confirms several tokens at once.\n`,
        )
        const result = await convert(folder, parseConversionSettings({ base: 'sample' }), {
          onEvent,
          signal: interruptSignal(),
        })
        view.end()
        console.log(`\n${chart(losses, 'loss by training step')}\n\n${describeResult(result)}\n`)
        await compare(folder)
      } finally {
        view.end()
        if (scratch) await rm(scratch, { recursive: true, force: true })
      }
    })
}

/** The same prompts, continued greedily by the base and by the SpeLLM alone; where the texts part, the SpeLLM's is underlined. */
async function compare(folder: string): Promise<void> {
  const generator = await openTextGenerator(folder)
  for (const prompt of prompts) {
    const options = { sampling: null, maxTokens: demoTokens, stop: [] }
    const base = await writeText(generator, prompt, { ...options, mode: 'base' })
    const spelled = await writeText(generator, prompt, { ...options, mode: 'trie' })
    const same = commonPrefix(base.text, spelled.text)
    console.log(colors.bold(prompt))
    console.log(`  base    ${rate(base)}  ${base.text.replaceAll('\n', '\n    ')}`)
    const parted = same < spelled.text.length ? colors.underline(spelled.text.slice(same)) : ''
    console.log(
      `  SpeLLM  ${rate(spelled)}  ${(spelled.text.slice(0, same) + parted).replaceAll('\n', '\n    ')}\n`,
    )
  }
  await generator.release()
}

const rate = ({ tokensPerSecond }: { tokensPerSecond: number }) =>
  colors.dim(`${tokensPerSecond.toFixed(0).padStart(4)} tokens/s`)

function commonPrefix(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}
