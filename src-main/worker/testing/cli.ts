import { spawn } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../../..')

/** A finished or killed run of the command line. */
export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs `spellm` in a process of its own, with `input` to read; `killAfter` milliseconds it gets `killSignal`. */
export function spellm(
  args: readonly string[],
  {
    killAfter,
    killSignal = 'SIGKILL',
    input = '',
    env = {},
  }: {
    readonly killAfter?: number
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
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
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
