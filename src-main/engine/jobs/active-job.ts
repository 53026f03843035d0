import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineError, LogLine, Progress, RunEvent, RunPhase } from '../../contract/index.ts'
import { CancelledError, SpellmError } from '../../base/errors.ts'
import { descriptionFile } from '../../runs/index.ts'
import type { KnownDevices } from '../../runtime/devices/known-devices.ts'
import type { Turn } from '../../runtime/turns.ts'
import { convert, resumeConversion } from '../../conversion/convert.ts'
import type { ConversionEvent } from '../../conversion/events.ts'
import { describeWritten } from '../../conversion/first-texts.ts'
import type { ConversionResult } from '../../conversion/result.ts'
import { describeError } from '../process/engine-errors.ts'
import type { ConversionSettings } from '../../conversion/settings.ts'
import { createProgressMeter } from './progress-meter.ts'
import { openRunLog, type RunLog } from './run-log.ts'
import { createRunRecord, readRunRecord, toSamplingPoint, toStepPoint, type RunRecord } from './run-record.ts'

/** How a job ended. */
type JobEnd =
  { readonly kind: 'finished' | 'stopped' } | { readonly kind: 'failed'; readonly problem: EngineError }

/** A conversion that this process works on. */
export interface ActiveJob {
  readonly folder: string
  /** Resolves when `record` and `log` hold what was there before. */
  readonly ready: Promise<void>
  readonly record: RunRecord
  readonly log: readonly LogLine[]
  readonly progress: Progress
  /** In all; null: not known yet. */
  readonly steps: number | null
  readonly isEnding: boolean
  /** Ends the job after its present step, with a checkpoint. */
  stop(): void
  /** Ends training after the present step, and finishes the run with the weights so far. */
  finishEarly(): void
  /** Never rejects. */
  readonly end: Promise<JobEnd>
}

export interface JobListeners {
  readonly onEvent: (event: RunEvent) => void
  /** Something that a list shows has changed. */
  readonly onChange: () => void
  /** The number of steps is known. */
  readonly onPlan: (steps: number) => void
}

const phaseSentences: Record<RunPhase, string> = {
  check: 'Checking the base model.',
  text: 'Reading the text.',
  cache: 'The base model reads the text and fills the teacher cache.',
  targets: 'The base model’s probabilities of the text are computed, to be learnt.',
  train: 'Training.',
  sampling: 'Training the tail for sampling.',
  evaluate: 'Measuring on held-out text.',
}

export interface JobEnvironment {
  /** Where the conversion computes. */
  readonly turn: Turn
  readonly devices: KnownDevices
  /** Called before the conversion loads its models. */
  readonly makeRoom: () => Promise<void>
}

/** Begins or continues a conversion. */
export function startJob(
  folder: string,
  settings: ConversionSettings,
  { turn, devices, makeRoom }: JobEnvironment,
  { onEvent, onChange, onPlan }: JobListeners,
): ActiveJob {
  const stop = new AbortController()
  const finish = new AbortController()
  const meter = createProgressMeter(() => performance.now())
  let record = createRunRecord()
  let log: RunLog | null = null
  let steps: number | null = null
  let isEnding = false

  const say = (level: LogLine['level'], message: string) => {
    if (log) onEvent({ type: 'log', line: log.add(level, message) })
  }

  const prepare = async () => {
    log = await openRunLog(folder)
    record = await readRunRecord(folder).catch((error: unknown) => {
      // The conversion removes lines that can't be read.
      if (error instanceof SpellmError && error.code === 'run-corrupt') return createRunRecord()
      throw error
    })
    await makeRoom()
  }

  const hear = (event: ConversionEvent) => {
    switch (event.type) {
      case 'phase':
        meter.begin(event.phase)
        if (event.phase === 'evaluate') isEnding = stop.signal.aborted
        say('info', phaseSentences[event.phase])
        break
      case 'progress':
        meter.update(event.done, event.total)
        break
      case 'step': {
        if (steps === null) onPlan(event.steps)
        steps = event.steps
        meter.update(event.step * event.tokens, event.steps * event.tokens)
        const point = toStepPoint(event)
        record.addStep(point)
        onEvent({ type: 'steps', points: [point] })
        break
      }
      case 'samplingStep': {
        meter.update(event.done * event.tokens, event.steps * event.tokens)
        const point = toSamplingPoint(event)
        record.addSamplingStep(point)
        onEvent({ type: 'samplingSteps', points: [point] })
        break
      }
      case 'evaluation': {
        const point = { step: event.step, agreement: event.agreement }
        record.addEvaluation(point)
        onEvent({ type: 'evaluation', point })
        break
      }
      case 'sample': {
        const { step, prompt, base, spellm } = event
        const point = { step, prompt, base: [...base], spellm: [...spellm] }
        record.addSample(point)
        onEvent({ type: 'sample', point })
        break
      }
      case 'written':
        say('info', describeWritten(event))
        break
      case 'device':
        say('info', `Device: ${event.reason}`)
        break
      case 'notice':
        say('warning', event.message)
    }
    onChange()
  }

  const work = (): Promise<ConversionResult> => {
    if (stop.signal.aborted) throw new CancelledError()
    const options = {
      onEvent: hear,
      signal: stop.signal,
      finishEarly: finish.signal,
      writesSamples: true,
      turn,
      devices,
    }
    const hasBegun = existsSync(join(folder, descriptionFile))
    say('info', hasBegun ? 'Continued.' : 'Started.')
    return hasBegun ? resumeConversion(folder, options) : convert(folder, settings, options)
  }

  const ready = prepare()
  const end = ready.then(work).then(
    ({ steps, agreement }): JobEnd => {
      const share = (100 * agreement.trie).toFixed(1)
      say('info', `Finished after ${steps} steps; the SpeLLM agrees with its base in ${share} % of places.`)
      return { kind: 'finished' }
    },
    (error: unknown): JobEnd => {
      if (error instanceof CancelledError) {
        say('info', 'Stopped.')
        return { kind: 'stopped' }
      }
      const problem = describeError(error)
      say('error', `${problem.message} ${problem.remedy}`)
      return { kind: 'failed', problem }
    },
  )
  return {
    folder,
    ready,
    end,
    get record() {
      return record
    },
    get log() {
      return log?.lines ?? []
    },
    get progress() {
      return meter.progress
    },
    get steps() {
      return steps
    },
    get isEnding() {
      return isEnding
    },
    stop: () => {
      isEnding = true
      stop.abort()
    },
    finishEarly: () => {
      isEnding = true
      finish.abort()
    },
  }
}
