import type { CheckpointTensors } from '../runs/index.ts'
import { parametersOf, type TrainerState } from '../runtime/trainer/index.ts'
import type { TailWeights } from '../spellm/tail-session.ts'

/** A tail after `step` steps. */
export interface LearntTail {
  readonly step: number
  readonly weights: TailWeights
}

export const learntTail = (state: TrainerState): LearntTail => ({
  step: state.step,
  weights: parametersOf(state),
})

const roles = ['parameter', 'first', 'second'] as const
export const samplingPrefix = 'sampling.'
const asTensor = (data: Float32Array) => ({ shape: [data.length], data })

export function tensorsOf({ tensors }: TrainerState, prefix = ''): CheckpointTensors {
  return Object.fromEntries(
    [...tensors].flatMap(([name, state]) =>
      roles.map((role) => [`${prefix}${role}.${name}`, asTensor(state[role])] as const),
    ),
  )
}

/** A tail that learns no more: its moments aren't needed. */
export function weightTensors(weights: TailWeights): CheckpointTensors {
  return Object.fromEntries([...weights].map(([name, data]) => [`parameter.${name}`, asTensor(data)]))
}

export function weightsFrom(tensors: CheckpointTensors, prefix = ''): Map<string, Float32Array> {
  const start = `${prefix}parameter.`
  return new Map(
    Object.entries(tensors).flatMap(([key, { data }]) =>
      key.startsWith(start) ? [[key.slice(start.length), data] as const] : [],
    ),
  )
}

export function stateFrom(step: number, tensors: CheckpointTensors, prefix = ''): TrainerState {
  const moment = (role: string, name: string) => tensors[`${prefix}${role}.${name}`]!.data
  const states = [...weightsFrom(tensors, prefix)].map(
    ([name, parameter]) =>
      [name, { parameter, first: moment('first', name), second: moment('second', name) }] as const,
  )
  return { step, tensors: new Map(states) }
}
