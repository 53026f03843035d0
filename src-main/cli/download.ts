import { Command } from 'commander'
import { CancelledError } from '../base/errors.ts'
import {
  downloadModel,
  formatModelReference,
  parseModelReference,
  planDownload,
  readHubSettings,
  withRevision,
} from '../hub/index.ts'
import { downloadView } from './download-view.ts'
import { formatAmount, formatSeconds, interruptSignal } from './output.ts'

interface DownloadCommandOptions {
  readonly revision?: string
  readonly tokenFile?: string
  readonly dryRun: boolean
  readonly json: boolean
}

/** `spellm download`. */
export function downloadCommand(): Command {
  return new Command('download')
    .description('Download a model from the Hugging Face Hub, or resume a download.')
    .argument('<model>', 'owner/name, owner/name@revision or the address of its page')
    .option('--revision <name>', 'branch, tag or commit (default: main)')
    .option(
      '--token-file <file>',
      'read the Hugging Face access token from this file, for gated and private models',
    )
    .option('--dry-run', 'only show what would be downloaded', false)
    .option('--json', 'print the result as one line of JSON', false)
    .addHelpText(
      'after',
      '\nThe cache is the one of other Hugging Face tools; HF_ENDPOINT, HF_HOME, HF_HUB_CACHE, HF_TOKEN and\n' +
        'HF_HUB_OFFLINE mean the same as there; HTTPS_PROXY, HTTP_PROXY and NO_PROXY name a proxy.\n\n' +
        'Example:\n  spellm download HuggingFaceTB/SmolLM2-135M\n  spellm inspect HuggingFaceTB/SmolLM2-135M',
    )
    .action(async (model: string, options: DownloadCommandOptions) => {
      const started = performance.now()
      const settings = await readHubSettings(process.env, options.tokenFile)
      const named = parseModelReference(model, settings.endpoint)
      const reference = options.revision === undefined ? named : withRevision(named, options.revision)
      if (options.dryRun) {
        const plan = await planDownload(reference, {
          settings,
          onEvent: (event) => event.type === 'notice' && console.error(event.message),
          signal: interruptSignal(),
        })
        const missing = formatAmount(plan.bytesTotal - plan.bytesDone, 'B')
        if (options.json) console.log(JSON.stringify({ id: reference.id, ...plan }))
        else
          console.log(
            `${missing} to fetch of ${formatAmount(plan.bytesTotal, 'B')} in ${plan.filesTotal} files`,
          )
        return
      }
      const view = downloadView()
      try {
        const { id, commit, folder, files, bytes } = await downloadModel(reference, {
          settings,
          onEvent: view.onEvent,
          signal: interruptSignal(),
        })
        view.end()
        const seconds = (performance.now() - started) / 1000
        if (options.json) console.log(JSON.stringify({ id, revision: commit, folder, files, bytes, seconds }))
        else {
          console.log(`${folder}\n${files} files, ${formatAmount(bytes, 'B')}, ${formatSeconds(seconds)}`)
          console.log(`\nTry it:  spellm inspect ${formatModelReference(reference)}`)
        }
      } catch (error) {
        view.end()
        if (error instanceof CancelledError) {
          const remedy = 'Run the same command again to resume.'
          if (options.json)
            console.log(
              JSON.stringify({ error: { code: 'cancelled', message: 'Stopped on request.', remedy } }),
            )
          else console.error(remedy)
        }
        throw error
      }
    })
}
