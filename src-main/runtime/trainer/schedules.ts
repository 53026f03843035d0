import { input, type AdamWSchedule } from '../../graph/index.ts'
import { scalarTensor, type Tensor } from '../session.ts'
import type { Parameter, TrainerOptions } from './trainer.ts'

/** What of a parameter its schedule depends on. */
type Scheduled = Pick<Parameter, 'group' | 'decays'>

/** Parameters of one group that agree about weight decay share their schedule. */
export function scheduleName({ group, decays }: Scheduled): string {
  return `${group}.${decays ? 'decaying' : 'constant'}`
}

export function scheduleInputs(prefix: string): AdamWSchedule {
  const at = (name: string) => input(prefix ? `${prefix}.${name}` : name, [])
  return {
    stepSize: at('stepSize'),
    secondMomentCorrection: at('secondMomentCorrection'),
    decay: at('decay'),
  }
}

/** The schedule's inputs at `step`, for each schedule name. */
export function schedulesAt(
  step: number,
  entries: readonly Scheduled[],
  learningRates: Readonly<Record<string, number>>,
  { beta1, beta2, weightDecay }: TrainerOptions,
): Map<string, Record<keyof AdamWSchedule, Tensor>> {
  const schedules = new Map<string, Record<keyof AdamWSchedule, Tensor>>()
  for (const entry of entries) {
    if (schedules.has(scheduleName(entry))) continue
    const learningRate = learningRates[entry.group]!
    schedules.set(scheduleName(entry), {
      stepSize: scalarTensor(learningRate / (1 - beta1 ** step)),
      secondMomentCorrection: scalarTensor(1 / (1 - beta2 ** step)),
      decay: scalarTensor(1 - learningRate * (entry.decays ? weightDecay : 0)),
    })
  }
  return schedules
}
