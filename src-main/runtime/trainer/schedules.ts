import { input, staticElementCount, type AdamWSchedule } from '../../graph/index.ts'
import { scalarTensor, type Tensor } from '../session.ts'
import type { Parameter, TrainerOptions } from './trainer.ts'

/** Where a parameter lies among all of them. */
export interface FlatEntry {
  readonly name: string
  readonly shape: readonly number[]
  readonly start: number
  readonly size: number
  readonly group: string
  readonly decays: boolean
}

/** Parameters one after another, those that share a schedule side by side. */
export function flatLayout(parameters: ReadonlyMap<string, Parameter>): FlatEntry[] {
  const sorted = [...parameters].sort(([, a], [, b]) => {
    const [left, right] = [scheduleName(a), scheduleName(b)]
    return left < right ? -1 : left > right ? 1 : 0
  })
  let start = 0
  return sorted.map(([name, { value, group, decays }]) => {
    const entry = {
      name,
      shape: value.shape.map(Number),
      start,
      size: staticElementCount(value.shape),
      group,
      decays,
    }
    start += entry.size
    return entry
  })
}

/** Parameters of one group that agree about weight decay share their schedule. */
export function scheduleName({ group, decays }: Pick<Parameter, 'group' | 'decays'>): string {
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
  entries: readonly FlatEntry[],
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
