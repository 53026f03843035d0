import { spawn } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')

/** A finished or killed run of the command line. */
export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs `spellm` in a process of its own, with `input` to read; after `killAfter` milliseconds, or as soon as `killWhen` says so,
 * it gets `killSignal`.
 */
export function spellm(
  args: readonly string[],
  {
    killAfter,
    killWhen,
    killSignal = 'SIGKILL',
    input = '',
    env = {},
  }: {
    readonly killAfter?: number
    /** Asked twenty times a second. */
    readonly killWhen?: () => Promise<boolean>
    readonly killSignal?: NodeJS.Signals
    readonly input?: string
    /** Beside the environment of this process. */
    readonly env?: Readonly<Record<string, string>>
  } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, ['--import', 'tsx', join(root, 'src-main/cli/main.ts'), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
  })
  child.stdin.end(input)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill(killSignal), killAfter)
  const watch =
    killWhen &&
    setInterval(() => {
      void killWhen().then((isTime) => {
        if (!isTime) return
        clearInterval(watch)
        child.kill(killSignal)
      })
    }, 50)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      clearInterval(watch)
      resolve({ code, stdout, stderr })
    })
  })
}

/** The last line of standard output as JSON. */
export function lastLine({ stdout, stderr }: Finished): unknown {
  const line = stdout.trim().split('\n').at(-1)
  if (!line) throw new Error(`nothing was printed; standard error: ${stderr}`)
  return JSON.parse(line)
}
