import { Command } from 'commander'
import { listRuns } from '../runs/index.ts'
import { table } from './output.ts'

/** `spellm runs`. */
export function runsCommand(): Command {
  return new Command('runs')
    .description('List the runs in a folder: running, paused, finished or broken.')
    .argument('[folder]', 'where the run folders are', '.')
    .option('--json', 'print as JSON', false)
    .action(async (folder: string, { json }: { json: boolean }) => {
      const runs = await listRuns(folder)
      if (json) console.log(JSON.stringify(runs))
      else if (runs.length === 0)
        console.log(`No runs in ${folder}. Start one: spellm convert sample --out ${folder}/first`)
      else
        console.log(
          table([
            ['run', 'status', 'step', 'base', 'created'],
            ...runs.map((run) =>
              run.status === 'broken'
                ? [run.folder, run.status, '', run.problem, '']
                : [
                    run.folder,
                    run.status,
                    String(run.step),
                    run.base.path,
                    run.created.slice(0, 16).replace('T', ' '),
                  ],
            ),
          ]),
        )
    })
}
