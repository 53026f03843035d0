import { Command } from 'commander'
import { stories } from '../../resources/stories/stories.ts'
import { findSpellm, openSpellm } from '../decode/spellm.ts'
import { evaluateText } from '../evaluate/evaluate-text.ts'
import { readTexts } from '../formats/text-source.ts'
import { resolveModel } from '../hub/index.ts'
import type { DeviceChoice } from '../runtime/devices/device.ts'
import { integer } from './arguments.ts'
import { chosenDevice, deviceOption } from './device-option.ts'
import { formatShare, interruptSignal, progressBar, table } from './output.ts'

/** Stories that neither training nor conversion has seen. */
const evaluationSeed = 900_000

interface EvalOptions {
  readonly text?: string[]
  readonly positions: number
  readonly base?: string
  readonly device: DeviceChoice
  readonly json: boolean
}

/** `spellm eval`. */
export function evalCommand(): Command {
  return new Command('eval')
    .description('Measure how often a SpeLLM picks the token that its base model picks.')
    .argument('<folder>', "a run's or SpeLLM's folder")
    .option('--text <file...>', 'text or JSONL (default: new stories, which fit the sample model)')
    .option('--positions <n>', 'positions to compare, at least', integer(1), 20_000)
    .option('--base <folder>', 'where the base model is, if it has moved')
    .addOption(deviceOption())
    .option('--json', 'print as one line of JSON', false)
    .action(async (folder: string, options: EvalOptions) => {
      const spellm = await openSpellm(
        findSpellm(folder) ?? folder,
        options.base === undefined ? {} : { basePath: await resolveModel(options.base) },
      )
      const device = await chosenDevice(options.device)
      const bar = progressBar('Teacher', 'tokens')
      const agreement = await evaluateText(
        spellm,
        options.text ? readTexts(options.text) : stories(evaluationSeed),
        {
          positions: options.positions,
          device,
          onProgress: (done, total) => bar.update(done, total),
          signal: interruptSignal(),
        },
      )
      bar.end()
      if (options.json) console.log(JSON.stringify({ agreement, device }))
      else
        console.log(
          table([
            [`agreement on ${agreement.positions.toLocaleString('en')} positions`, ''],
            ['  trie', formatShare(agreement.trie)],
            ['  free', formatShare(agreement.free)],
            ['device', device],
          ]),
        )
    })
}
