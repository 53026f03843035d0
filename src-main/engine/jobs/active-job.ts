import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { EngineError, RunEvent } from '../../contract/index.ts'
import { CancelledError } from '../../base/errors.ts'
import { descriptionFile } from '../../runs/index.ts'
import type { KnownDevices } from '../../runtime/devices/known-devices.ts'
import type { Turn } from '../../runtime/turns.ts'
import { convert, resumeConversion } from '../../conversion/convert.ts'
import type { ConversionEvent } from '../../conversion/events.ts'
import type { ConversionResult } from '../../conversion/result.ts'
import { describeError } from '../process/engine-errors.ts'
import type { ConversionSettings } from '../../conversion/settings.ts'
import { createJobJournal, type JobJournal } from './job-journal.ts'

/** How a job ended. */
export type JobEnd =
  { readonly kind: 'finished' | 'stopped' } | { readonly kind: 'failed'; readonly problem: EngineError }

/** A conversion that this process works on. */
export interface ActiveJob {
  readonly folder: string
  /** Resolves when the journal holds what was there before. */
  readonly ready: Promise<void>
  /** What it has done so far. */
  readonly journal: Omit<JobJournal, 'open' | 'say' | 'add'>
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
  const journal = createJobJournal(folder, onEvent, onPlan)
  let isEnding = false

  const hear = (event: ConversionEvent) => {
    if (event.type === 'phase' && event.phase === 'evaluate') isEnding = stop.signal.aborted
    journal.add(event)
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
    journal.say('info', hasBegun ? 'Continued.' : 'Started.')
    return hasBegun ? resumeConversion(folder, options) : convert(folder, settings, options)
  }

  const ready = journal.open().then(makeRoom)
  const end = ready.then(work).then(
    ({ steps, agreement }): JobEnd => {
      const share = (100 * agreement.trie).toFixed(1)
      journal.say(
        'info',
        `Finished after ${steps} steps; the SpeLLM agrees with its base at ${share} % of positions.`,
      )
      return { kind: 'finished' }
    },
    (error: unknown): JobEnd => {
      if (error instanceof CancelledError) {
        journal.say('info', 'Stopped.')
        return { kind: 'stopped' }
      }
      const problem = describeError(error)
      journal.say('error', `${problem.message} ${problem.remedy}`)
      return { kind: 'failed', problem }
    },
  )
  return {
    folder,
    ready,
    end,
    journal,
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
