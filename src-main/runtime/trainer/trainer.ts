import type { AdamWHyperparameters, Value } from '../../graph/index.ts'
import type { Device, Feeds, Tensor } from '../session.ts'

/** A tensor that is trained. */
export interface Parameter {
  /** The graph's input for it; its name is the parameter's name. */
  readonly value: Value
  /** Parameters of a group share a learning rate. */
  readonly group: string
  /** Whether weight decay applies (matrices yes, gains and biases no, by convention). */
  readonly decays: boolean
}

export interface TrainingGraph {
  readonly loss: Value
  readonly parameters: ReadonlyMap<string, Parameter>
  /** Further outputs to fetch at each step, by name. */
  readonly metrics?: Readonly<Record<string, Value>>
}

export interface TrainerOptions extends AdamWHyperparameters {
  readonly device: Device
  readonly weightDecay: number
  /** The gradients' global norm is clipped to this. */
  readonly maxGradientNorm: number
  readonly threads?: number
}

/** What is saved and restored: every parameter with its two moments, and the number of steps taken. */
export interface TrainerState {
  readonly step: number
  /** name → float32 data of the parameter, its first and its second moment. */
  readonly tensors: ReadonlyMap<
    string,
    { readonly parameter: Float32Array; readonly first: Float32Array; readonly second: Float32Array }
  >
}

export interface StepResult {
  readonly loss: number
  /** Before clipping. */
  readonly gradientNorm: number
  readonly metrics: Readonly<Record<string, Tensor>>
}

/** Minimises a loss with AdamW. Parameters and moments live on the device where it can keep them. */
export interface Trainer {
  /** One optimiser step; `learningRates` has one for each group. */
  step(feeds: Feeds, learningRates: Readonly<Record<string, number>>): Promise<StepResult>
  /** A copy of everything needed to resume later. */
  state(): Promise<TrainerState>
  /** The current parameters as tensors that other sessions of this device can read; valid until the next step. */
  parameters(): Feeds
  release(): Promise<void>
}

/** A state at step 0. */
export function freshState(parameters: ReadonlyMap<string, Float32Array>): TrainerState {
  const tensors = new Map(
    [...parameters].map(([name, parameter]) => [
      name,
      { parameter, first: new Float32Array(parameter.length), second: new Float32Array(parameter.length) },
    ]),
  )
  return { step: 0, tensors }
}

/** The parameters of a state without their moments. */
export function parametersOf({ tensors }: TrainerState): Map<string, Float32Array> {
  return new Map([...tensors].map(([name, { parameter }]) => [name, parameter]))
}
