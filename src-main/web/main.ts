/** The studio in the browser: `npm start -- --web`. */
import { join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import colors from 'picocolors'
import { SpellmError } from '../base/errors.ts'
import { dataFolder } from '../base/data-folder.ts'
import { openStudio, type Studio } from './studio.ts'

interface Options {
  readonly port: number
  readonly host?: string
  readonly allowRemote: boolean
  readonly data?: string
}

const loopback = '127.0.0.1'

const program = new Command('npm start --')
  .description('Opens the studio: in a window of its own, or for a browser, whose address is printed.')
  .option('--web', 'for a browser; implied by every option except --data')
  .option('--port <number>', 'port to listen on; 0: any free one', parsePort, 0)
  .option('--host <address>', `address to listen on, together with --allow-remote (default: ${loopback})`)
  .option('--allow-remote', 'let other machines connect, if they have the printed token', false)
  .option(
    '--data <folder>',
    'where settings and runs are kept (default: SPELLM_DATA, or the system’s folder)',
  )
  .showHelpAfterError()
  .addHelpText(
    'after',
    `
The connection isn't encrypted. To use the studio of another machine, forward its port with SSH instead:
  ssh -L 8080:127.0.0.1:8080 machine     and there:  npm start -- --web --port 8080`,
  )
  .action(async (options: Options) => {
    const opening = openStudio({
      rendererFolder: join(import.meta.dirname, '../../renderer'),
      dataFolder: dataFolder(options.data),
      address: addressOf(options),
      port: options.port,
      log: (message) => console.error(message),
    })
    closeOnSignal(opening)
    const { urls } = await opening
    console.log(`SpeLLM Studio is open at\n${urls.map((url) => `  ${url}`).join('\n')}`)
    console.log(colors.dim('Whoever has this address can use the studio. Ctrl-C closes it.'))
    if (options.host !== undefined)
      console.error(colors.yellow('Other machines can connect, and the connection is not encrypted.'))
  })

function parsePort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('Expected a whole number from 0 to 65535.')
  return port
}

function addressOf({ host, allowRemote }: Options): string {
  if (host === undefined && allowRemote)
    throw new SpellmError('setting-invalid', '--allow-remote: --host is missing.', 'Give both, or neither.')
  if (host !== undefined && !allowRemote)
    throw new SpellmError(
      'setting-invalid',
      `--host ${host}: other machines could connect.`,
      'Give --allow-remote as well if that is what you want.',
    )
  return host ?? loopback
}

/** npm passes on a signal that the terminal has sent to the whole group already: so close ones are one. */
const sameSignalMilliseconds = 1_000

function closeOnSignal(opening: Promise<Studio>): void {
  let closingSince: number | null = null
  const close = async () => {
    const studio = await opening
    await studio.close()
    process.exit(0)
  }
  const endAtOnce = async () => {
    const studio = await opening
    studio.kill()
    process.exit(130)
  }
  const onSignal = (): void => {
    if (closingSince === null) {
      closingSince = performance.now()
      console.error('\nClosing: the engine saves its work … (Ctrl-C again to end at once)')
      close().catch(fail)
    } else if (performance.now() - closingSince > sameSignalMilliseconds) endAtOnce().catch(fail)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}

function fail(error: unknown): void {
  if (error instanceof SpellmError) console.error(`${colors.red('Error:')} ${error.message}\n${error.remedy}`)
  else {
    const message = error instanceof Error ? error.message : String(error)
    console.error(`${colors.red('Unexpected error (a bug in the studio):')} ${message}\nPlease report it.`)
    if (process.env['SPELLM_DEBUG']) console.error(error)
  }
  process.exit(error instanceof SpellmError ? 1 : 70)
}

await program.parseAsync().catch(fail)
