import type { RunStatus } from '../../src-main/contract/index.ts'

/** What a person may do with a run, in addition to opening it. */
export type RunAction = 'continue' | 'pause' | 'test' | 'delete'

const byStatus: Record<RunStatus, readonly RunAction[]> = {
  queued: ['pause', 'delete'],
  running: ['pause', 'delete'],
  pausing: ['delete'],
  paused: ['continue', 'delete'],
  interrupted: ['continue', 'delete'],
  finished: ['test', 'delete'],
  failed: ['continue', 'delete'],
  broken: ['delete'],
}

/** The actions that make sense in a status, the most useful first. */
export function actionsOf(status: RunStatus): readonly RunAction[] {
  return byStatus[status]
}

/** Whether the engine works on the run, or will without being asked again. */
export function isActive(status: RunStatus): boolean {
  return status === 'queued' || status === 'running' || status === 'pausing'
}
