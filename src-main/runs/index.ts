/** Run folders: one conversion each, safe against the end of the process at any instant. */
export type { Checkpoint, CheckpointTensor, CheckpointTensors } from './checkpoints.ts'
export type { Json, RunBase, RunDescription } from './description.ts'
export { readDescription } from './description.ts'
export { cacheFolder, spellmFolder } from './layout.ts'
export type { MetricsEvent } from './metrics.ts'
export { createRun, openRun, readMetrics, type Run } from './run.ts'
export { listRuns, readResult, runStatus, type RunStatus, type RunSummary } from './status.ts'
