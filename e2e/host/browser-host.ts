import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'

const entry = join(import.meta.dirname, '../../dist/src-main/web/main.js')

/** The compiled browser host in a process of its own. */
export interface BrowserHost {
  /** The address that it printed. */
  readonly url: string
  enginePid(): Promise<number>
  /** Asks it to end, as Ctrl-C does. Throws if it fails. */
  stop(): Promise<void>
}

/** Starts the host at any free port. Throws with what it said if it doesn't open. */
export async function startBrowserHost(dataFolder: string): Promise<BrowserHost> {
  const child = spawn(process.execPath, [entry, '--port', '0', '--data', dataFolder], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()))
  const exited = once(child, 'exit')
  const url = await printedUrl(child)
  if (url === null) throw new Error(`The studio did not open:\n${stderr}`)
  return {
    url,
    enginePid: () => enginePidBelow(child.pid!),
    stop: async () => {
      child.kill('SIGTERM')
      const [code] = (await exited) as [number | null]
      // Windows knows no polite signals.
      if (code !== 0 && process.platform !== 'win32')
        throw new Error(`The studio ended with ${String(code)}:\n${stderr}`)
    },
  }
}

/** null: the process ended without printing one. */
async function printedUrl({ stdout }: ChildProcess): Promise<string | null> {
  for await (const line of createInterface({ input: stdout! })) {
    const url = /http:\/\/\S+/.exec(line)
    if (url) {
      stdout!.resume()
      return url[0]
    }
  }
  return null
}

async function enginePidBelow(hostPid: number): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args='])
  for (const line of stdout.split('\n')) {
    const [pid, parent, ...args] = line.trim().split(/\s+/)
    if (Number(parent) === hostPid && args.some((arg) => arg.includes('engine-process'))) return Number(pid)
  }
  throw new Error(`The studio's process ${hostPid} has no engine.`)
}
