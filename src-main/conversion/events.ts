import type { HeadAccuracy } from '../distill/distill.ts'
import type { StepMetrics } from '../distill/train-tail.ts'
import type { Agreement } from '../evaluate/agreement.ts'
import type { Device } from '../runtime/devices/device.ts'
import type { KnownDevices } from '../runtime/devices/known-devices.ts'
import type { Turn } from '../runtime/turns.ts'
import type { Sample } from './sample-writer.ts'

export type ConversionPhase = 'check' | 'text' | 'cache' | 'targets' | 'train' | 'sampling' | 'evaluate'

/** What a conversion reports while it runs. */
export type ConversionEvent =
  | { readonly type: 'phase'; readonly phase: ConversionPhase }
  /** Tokens or positions of the present phase. */
  | {
      readonly type: 'progress'
      readonly phase: ConversionPhase
      readonly done: number
      readonly total: number
    }
  | ({ readonly type: 'step'; readonly steps: number; readonly tokens: number } & StepMetrics & HeadAccuracy)
  /** A step of the tail for sampling; `step` continues those of the first tail, `done` of `steps` doesn't. */
  | ({
      readonly type: 'samplingStep'
      readonly done: number
      readonly steps: number
      readonly tokens: number
    } & StepMetrics)
  | { readonly type: 'evaluation'; readonly step: number; readonly agreement: Agreement }
  | ({ readonly type: 'sample'; readonly step: number } & Sample)
  /** One of the first texts that the base model writes to learn from; a document has no question. */
  | { readonly type: 'written'; readonly question: string; readonly answer: string }
  /** The device was left open, and this one was taken. */
  | { readonly type: 'device'; readonly device: Device; readonly reason: string }
  | { readonly type: 'notice'; readonly message: string }

export interface JobOptions {
  readonly onEvent: (event: ConversionEvent) => void
  readonly signal?: AbortSignal
  /** When it fires, training ends after the present step, and the run is finished with the weights so far. */
  readonly finishEarly?: AbortSignal
  /** Whether base model and SpeLLM continue a text at each evaluation. Default: no. */
  readonly writesSamples?: boolean
  /** Shares the engine's thread: each step computes in a turn of its own. */
  readonly turn?: Turn
  /** Whether to continue where memory seems too short. */
  readonly ignoresShortage?: boolean
  /** The devices of this machine; default: as this user's other programs know them. */
  readonly devices?: KnownDevices
}
