/** Training of a graph with AdamW, on the CPU or a device. */
import { keepsOutputs } from '../devices/provider-options.ts'
import { createDeviceTrainer } from './device-trainer.ts'
import { createHostTrainer } from './host-trainer.ts'
import type { Trainer, TrainerOptions, TrainerState, TrainingGraph } from './trainer.ts'

export {
  freshState,
  parametersOf,
  type Parameter,
  type StepResult,
  type Trainer,
  type TrainerOptions,
  type TrainerState,
  type TrainingGraph,
} from './trainer.ts'

/** Starts from `initial`: fresh parameters (step 0, zero moments) or a saved state. */
export async function createTrainer(
  graph: TrainingGraph,
  initial: TrainerState,
  options: TrainerOptions,
): Promise<Trainer> {
  return keepsOutputs(options.device)
    ? createDeviceTrainer(graph, initial, options)
    : createHostTrainer(graph, initial, options)
}
