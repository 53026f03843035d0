import { utilityProcess } from 'electron'
import type { Device } from '../runtime/devices/device.ts'
import {
  noAnswer,
  probeMilliseconds,
  probeProgram,
  type ProbeOutput,
} from '../runtime/devices/probe-child.ts'

/** Tries a device in a utility process: the packaged app can't be run as Node.js. */
export function runProbe(device: Device): Promise<ProbeOutput> {
  return new Promise((resolve) => {
    const child = utilityProcess.fork(probeProgram, [device], {
      serviceName: 'SpeLLM device check',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let stdout = ''
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      child.kill()
    }, probeMilliseconds)
    child.stdout?.on('data', (data: Buffer) => (stdout += data.toString()))
    child.on('exit', (code) => {
      clearTimeout(timer)
      resolve({ stdout, crash: isLate ? noAnswer : code === 0 ? null : `exit code ${code}` })
    })
  })
}
