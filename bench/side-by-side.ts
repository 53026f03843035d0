/**
 * How much faster eight texts are written side by side than one after another, as `spellm eval` does:
 *
 *     npx tsx bench/batched-generation.ts FOLDER [--precision int4] [--tokens 16]
 *
 * FOLDER is a SpeLLM or the run that holds one.
 */
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { stories } from '../resources/stories/stories.ts'
import { openModel, createTextGenerator } from '../src-main/decode/text-generator.ts'
import { textsAtOnce } from '../src-main/decode/batched-generation.ts'
import { measureRollOuts } from '../src-main/evaluate/roll-outs.ts'
import { precisions } from '../src-main/models/precision.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { precision: { type: 'string' }, tokens: { type: 'string', default: '16' } },
})
const [folder = ''] = positionals
const precision = z.enum(precisions).optional().parse(values.precision)
const model = await openModel(folder, { precision })
const prompts: string[] = []
for (const story of stories(1)) {
  prompts.push(story.slice(0, 40))
  if (prompts.length === textsAtOnce) break
}

const seconds: number[] = []
for (const texts of [1, textsAtOnce]) {
  const generator = await createTextGenerator(model, { texts })
  const started = performance.now()
  await measureRollOuts(generator, prompts, { modes: ['trie'], tokens: Number(values.tokens) })
  seconds.push((performance.now() - started) / 1000)
  await generator.release()
}
const [alone, together] = seconds as [number, number]
console.log(
  `${prompts.length} texts: ${alone.toFixed(1)} s one after another, ${together.toFixed(1)} s side by side: ${(alone / together).toFixed(2)} x`,
)
