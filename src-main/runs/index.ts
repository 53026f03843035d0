/** Run folders: one conversion each, safe against the end of the process at any instant. */
export type { Checkpoint, CheckpointTensors } from './checkpoints.ts'
export { deleteRun } from './delete.ts'
export { readDescription } from './description.ts'
export {
  cacheFolder,
  checkpointsFolder,
  descriptionFile,
  logFile,
  metricsFile,
  spellmFolder,
} from './layout.ts'
export { createRun, openRun, readMetrics, type Run } from './run.ts'
export { listRuns, looksLikeRun, readResult, runStatus, summariseRun, type RunSummary } from './status.ts'
