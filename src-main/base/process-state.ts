import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** What the operating system says of a process id; `started` is null where the start time can't be told. */
export type ProcessState =
  { readonly alive: false } | { readonly alive: true; readonly started: string | null }

const gone: ProcessState = { alive: false }
const unknownStart: ProcessState = { alive: true, started: null }

/**
 * Whether a process lives, and when it started: an opaque word of letters, digits and dashes that no other
 * process of the same id has ever had on this machine. A zombie counts as gone.
 */
export async function processState(pid: number): Promise<ProcessState> {
  if (!exists(pid)) return gone
  const query = startQueries[process.platform]
  if (query === undefined) return unknownStart
  // The process may end between the two questions, and then the second fails.
  return query(pid).catch(() => (exists(pid) ? unknownStart : gone))
}

function exists(pid: number): boolean {
  try {
    // Signal 0 delivers nothing and only checks.
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: the process is there and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

const startQueries: Partial<Record<NodeJS.Platform, (pid: number) => Promise<ProcessState>>> = {
  linux: async (pid) => {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ])
    return parseLinuxStat(stat, boot)
  },
  darwin: async (pid) => parsePsLine(await output('ps', ['-o', 'stat=,lstart=', '-p', `${pid}`])),
  win32: async (pid) =>
    parseFileTime(
      await output('powershell.exe', [
        '-NoProfile',
        '-NonInteractive',
        '-Command',
        `(Get-Process -Id ${pid}).StartTime.ToFileTimeUtc()`,
      ]),
    ),
}

async function output(program: string, parameters: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, parameters, {
    timeout: 10_000,
    windowsHide: true,
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
  })
  return stdout
}

/**
 * Reads /proc/PID/stat (man 5 proc_pid_stat): field 3 is the state, field 22 the start in clock ticks since
 * boot. The wall clock isn't used because it may be set while the process runs.
 */
export function parseLinuxStat(stat: string, bootId: string): ProcessState {
  // Field 2 is the program's name in parentheses, and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const state = fields[0]
  const ticks = fields[19]
  if (state === 'Z' || state === 'X') return gone
  return ticks === undefined || !/^\d+$/.test(ticks)
    ? unknownStart
    : { alive: true, started: `${ticks}-${bootId.trim().replaceAll('-', '').slice(0, 12)}` }
}

/** Reads a line of `ps -o stat=,lstart=` such as `Ss   Tue Nov 24 12:33:07 2026`, in UTC. */
export function parsePsLine(line: string): ProcessState {
  const match = /^\s*(\S+)\s+(.+?)\s*$/.exec(line)
  if (match === null) return unknownStart
  if (match[1]!.startsWith('Z')) return gone
  const time = Date.parse(`${match[2]!} UTC`)
  return Number.isNaN(time) ? unknownStart : { alive: true, started: `${time}` }
}

/** Reads a Windows file time: 100 ns units since 1601. */
export function parseFileTime(line: string): ProcessState {
  const time = line.trim()
  return /^\d+$/.test(time) ? { alive: true, started: time } : unknownStart
}
