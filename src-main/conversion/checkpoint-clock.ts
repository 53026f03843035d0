import { CancelledError } from '../base/errors.ts'
import type { CheckpointTensors, Run } from '../runs/index.ts'
import type { JobOptions } from './events.ts'
import type { RunSettings } from './settings.ts'

/** Ends a step: saves where that is due, and ends this session of the run where that is asked for. */
export type CheckpointClock = (
  step: number,
  isLast: boolean,
  tensors: () => Promise<CheckpointTensors>,
  state: unknown,
) => Promise<void>

/**
 * Saves a checkpoint as often as the settings say, at the last step, and where the run is stopped or finished early.
 *
 * The clock throws CancelledError once it has saved what a stopped run resumes from.
 */
export function createCheckpointClock(
  run: Run<RunSettings>,
  { signal, finishEarly }: Pick<JobOptions, 'signal' | 'finishEarly'>,
): CheckpointClock {
  let last = performance.now()
  return async (step, isLast, tensors, state) => {
    const isStopping = signal?.aborted ?? false
    const isDue = performance.now() - last > run.settings.checkpointSeconds * 1000
    if (isStopping || finishEarly?.aborted || isLast || isDue) {
      await run.saveCheckpoint(step, await tensors(), state)
      last = performance.now()
    }
    if (isStopping) throw new CancelledError()
  }
}
