import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { programArguments } from './compiled.ts'

const root = join(import.meta.dirname, '../../..')

/** A finished or killed run of the command line. */
export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What is asked again and again while a process runs, in milliseconds. */
const askEvery = 10

/** Runs `spellm` in a process of its own, with `input` to read; as soon as `killWhen` says so, it gets `killSignal`. */
export function spellm(
  args: readonly string[],
  {
    killWhen,
    killSignal = 'SIGKILL',
    input = '',
    env = {},
  }: {
    /** Asked a hundred times a second, with what was printed on standard error so far. */
    readonly killWhen?: (stderr: string) => Promise<boolean>
    readonly killSignal?: NodeJS.Signals
    readonly input?: string
    /** Beside the environment of this process. */
    readonly env?: Readonly<Record<string, string>>
  } = {},
): Promise<Finished> {
  const child = spawn(process.execPath, [...programArguments('src-main/cli/main'), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
  })
  child.stdin.end(input)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  return new Promise((resolve, reject) => {
    let isClosed = false
    child.on('error', reject)
    child.on('close', (code) => {
      isClosed = true
      resolve({ code, stdout, stderr })
    })
    const watch = async (isTime: (stderr: string) => Promise<boolean>) => {
      while (!isClosed && !(await isTime(stderr))) await setTimeout(askEvery)
      child.kill(killSignal)
    }
    if (killWhen)
      watch(killWhen).catch((error: unknown) => {
        child.kill('SIGKILL')
        reject(error instanceof Error ? error : new Error(String(error)))
      })
  })
}

/** The last line of standard output as JSON. */
export function lastLine({ stdout, stderr }: Finished): unknown {
  const line = stdout.trim().split('\n').at(-1)
  if (!line) throw new Error(`nothing was printed; standard error: ${stderr}`)
  return JSON.parse(line)
}
