import { spawn, type ChildProcess } from 'node:child_process'
import { hostname } from 'node:os'
import { onTestFinished } from 'vitest'
import type { LockOwner } from '../file-lock.ts'
import { processState } from '../process-state.ts'

/** A process that lives until the test ends or kills it. */
export function livingProcess(): ChildProcess {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** What a lock would say that a living process of this machine has taken. */
export async function ownerOf(pid: number): Promise<LockOwner> {
  const state = await processState(pid)
  return { pid, started: state.alive ? state.started : null, host: hostname() }
}
