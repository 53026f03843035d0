import { Command } from 'commander'
import { evaluationFigures } from '../evaluate/evaluation-figures.ts'
import { resultsPage } from '../evaluate/page/results-page.ts'
import { writeFileAtomically } from '../base/atomic-file.ts'
import { integer } from './arguments.ts'
import { deviceOption } from './device-option.ts'
import { runEvaluation, type EvalOptions } from './eval-run.ts'
import { evaluationTable } from './eval-table.ts'
import { taskNames } from './eval-tasks.ts'
import { candidatesOption, gateShareOption, measuredModesOption } from './mode-options.ts'
import { precisionOption } from './precision-option.ts'

/** `spellm eval`. */
export function evalCommand(): Command {
  return new Command('eval')
    .description('Evaluate a SpeLLM against its base model: agreement, perplexity, generated texts, tasks.')
    .argument('<folder>', "a run's or SpeLLM's folder")
    .option(
      '--text <file...>',
      'text or JSONL (default: answers that the base model writes itself, for the sample model new stories)',
    )
    .option('--positions <n>', 'minimum number of positions to compare', integer(1, 100_000_000), 20_000)
    .addOption(measuredModesOption())
    .addOption(candidatesOption())
    .addOption(gateShareOption())
    .option(
      '--rollouts <n>',
      "texts that each mode writes, compared with the base model's",
      integer(0, 10_000),
      16,
    )
    .option('--rollout-tokens <n>', 'maximum tokens of each of these texts', integer(1, 100_000), 64)
    .option('--tasks <task...>', 'tasks by name, and files of tasks in JSONL', [])
    .option('--limit <n>', 'questions of each task by name (default: all)', integer(1, 1_000_000))
    .option(
      '--baselines',
      "measure what else could take the LM head's place, on the same text: trimmed vocabularies, screens, an int8 head (one to three minutes for 50,000 tokens of width 576)",
      false,
    )
    .option('--report <file>', 'write a results page in HTML, with examples')
    .option('--base <folder>', 'where the base model is, if it has moved')
    .addOption(deviceOption())
    .addOption(precisionOption("the base model's weights (default: as the SpeLLM has learnt)"))
    .option('--json', 'print as one line of JSON', false)
    .addHelpText('after', `\nTasks by name: ${taskNames.join(', ')}.`)
    .action(async (folder: string, options: EvalOptions) => {
      const evaluation = await runEvaluation(folder, options)
      if (options.report !== undefined)
        await writeFileAtomically(options.report, (file) => file.writeFile(resultsPage(evaluation)))
      if (options.json) console.log(JSON.stringify(evaluationFigures(evaluation)))
      else console.log(evaluationTable(evaluation, options.rolloutTokens))
    })
}
