import { spawn } from 'node:child_process'
import { extname, join } from 'node:path'
import type { Device } from './device.ts'

/** What a probe's process left when it was over. */
export interface ProbeOutput {
  readonly stdout: string
  /** How it ended, if not by itself: 'killed by SIGSEGV', 'exit code 3', 'no answer within 60 s'. */
  readonly crash: string | null
}

/** Runs the probe's program for a device in a process of its own. Never rejects. */
export type RunProbe = (device: Device) => Promise<ProbeOutput>

/** Compiling a graphics card's programs for the first time takes seconds. */
export const probeMilliseconds = 60_000

/** The probe's program, next to this module. */
export const probeProgram = join(import.meta.dirname, `probe-process${extname(import.meta.filename)}`)

/** `RunProbe` for a host that is Node.js itself. */
export function spawnProbe(device: Device, program = probeProgram): Promise<ProbeOutput> {
  return new Promise((resolve) => {
    const loader = extname(program) === '.ts' ? ['--import', 'tsx'] : []
    const child = spawn(process.execPath, [...loader, program, device], {
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true,
    })
    let stdout = ''
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      child.kill('SIGKILL')
    }, probeMilliseconds)
    child.stdout.on('data', (data: Buffer) => (stdout += data.toString()))
    const end = (crash: string | null) => {
      clearTimeout(timer)
      resolve({ stdout, crash })
    }
    child.on('error', ({ message }) => end(message))
    child.on('close', (code, signal) =>
      end(isLate ? noAnswer : signal ? `killed by ${signal}` : code === 0 ? null : `exit code ${code}`),
    )
  })
}

export const noAnswer = `no answer within ${probeMilliseconds / 1000} s`
