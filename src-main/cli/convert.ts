import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { CancelledError, SpellmError } from '../base/errors.ts'
import { convert, resumeConversion } from '../conversion/convert.ts'
import { keepsText } from '../conversion/kept-text.ts'
import type { ConversionResult } from '../conversion/result.ts'
import { resolveModel } from '../hub/index.ts'
import { descriptionFile } from '../runs/layout.ts'
import { conversionView } from './conversion-view.ts'
import {
  addTailOptions,
  addTextOptions,
  addTrainingOptions,
  settingsOf,
  withTextOf,
  type ConvertOptions,
} from './convert-options.ts'
import { describeResult } from './describe-conversion.ts'
import { formatSeconds, interruptSignal } from './output.ts'

interface CommandOptions extends ConvertOptions {
  readonly out: string
  readonly resume: boolean
  readonly json: boolean
}

/** `spellm convert`. */
export function convertCommand(): Command {
  const command = new Command('convert')
    .description('Convert a model into a SpeLLM.')
    .argument('<model>', "the model's folder or .gguf file, the id of a downloaded model, or 'sample'")
    .requiredOption('--out <folder>', 'new folder for the run: settings, metrics, checkpoints, the SpeLLM')
  for (const addOptions of [addTextOptions, addTailOptions, addTrainingOptions]) addOptions(command)
  return command
    .option('--resume', 'resume the stopped run in the --out folder, with its own settings', false)
    .option('--json', 'print the result as one line of JSON', false)
    .addHelpText(
      'after',
      '\nExample:\n  spellm convert sample --out runs/first\n  spellm generate runs/first --prompt "Once upon a time"',
    )
    .action(async (model: string, options: CommandOptions, command: Command) => {
      const view = conversionView()
      const job = {
        onEvent: view.onEvent,
        signal: interruptSignal(),
        ignoresShortage: options.ignoreMemory,
      }
      try {
        const result = options.resume
          ? await resumeConversion(options.out, job)
          : await convert(
              options.out,
              settingsOf(await resolveModel(model), await withTextOf(options, command)),
              job,
            )
        view.end()
        if (options.json) console.log(JSON.stringify({ ...result, out: options.out }))
        else
          console.log(
            [
              describeResult(result),
              '',
              `Try it:  spellm generate ${options.out} --prompt "…"`,
              ...(await describeOtherKind(model, options.out, result)),
            ].join('\n'),
          )
      } catch (error) {
        view.end()
        if (
          existsSync(join(options.out, descriptionFile)) &&
          !(error instanceof SpellmError && error.code === 'file-exists')
        )
          console.error(`Resume with:  spellm convert ${model} --out ${options.out} --resume`)
        if (error instanceof CancelledError && options.json)
          console.log(
            JSON.stringify({
              error: { code: 'cancelled', message: 'Stopped on request.', remedy: 'Resume with --resume.' },
            }),
          )
        throw error
      }
    })
}

/** How to learn groups from the text of a run that spells, where it is still there. */
async function describeOtherKind(model: string, out: string, result: ConversionResult): Promise<string[]> {
  const { seconds, textSeconds, groups, tokenSymbols } = result
  if (groups > 0 || tokenSymbols === 0 || !(await keepsText(out))) return []
  const time = textSeconds === null ? '' : `, in about ${formatSeconds(seconds - textSeconds)}`
  return [
    `Learned groups from the same text${time}:  spellm convert ${model} --out ${out}-groups --text-of ${out} --alphabet groups`,
  ]
}
