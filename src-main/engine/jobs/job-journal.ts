import type { LogLine, Progress, RunEvent, RunPhase } from '../../contract/index.ts'
import { SpellmError } from '../../base/errors.ts'
import type { ConversionEvent } from '../../conversion/events.ts'
import { describeWritten } from '../../conversion/first-texts.ts'
import { createProgressMeter } from './progress-meter.ts'
import { openRunLog, type RunLog } from './run-log.ts'
import { createRunRecord, readRunRecord, toSamplingPoint, toStepPoint, type RunRecord } from './run-record.ts'

const phaseSentences: Record<RunPhase, string> = {
  check: 'Checking the base model.',
  text: 'Reading the text.',
  cache: 'The base model reads the text and fills the teacher cache.',
  targets: 'The base model’s probabilities of the text are computed, to be learnt.',
  train: 'Training.',
  sampling: 'Training the tail for sampling.',
  evaluate: 'Measuring on held-out text.',
}

/** What a job has done so far: its metrics, its log and its progress, as the events of the conversion report them. */
export interface JobJournal {
  readonly record: RunRecord
  readonly log: readonly LogLine[]
  readonly progress: Progress
  /** Total number of steps; null: not known yet. */
  readonly steps: number | null
  /** Reads what earlier sessions of the run have recorded. */
  open(): Promise<void>
  /** Adds a line to the log. */
  say(level: LogLine['level'], message: string): void
  add(event: ConversionEvent): void
}

/**
 * @param onEvent called with everything that is added
 * @param onPlan called when the number of steps is known
 */
export function createJobJournal(
  folder: string,
  onEvent: (event: RunEvent) => void,
  onPlan: (steps: number) => void,
): JobJournal {
  const meter = createProgressMeter(() => performance.now())
  let record = createRunRecord()
  let log: RunLog | null = null
  let steps: number | null = null

  const say: JobJournal['say'] = (level, message) => {
    if (log) onEvent({ type: 'log', line: log.add(level, message) })
  }
  return {
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
    open: async () => {
      log = await openRunLog(folder)
      record = await knownRecord(folder)
    },
    say,
    add: (event) => {
      switch (event.type) {
        case 'phase':
          meter.begin(event.phase)
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
    },
  }
}

/** What is recorded already. The conversion removes lines that can't be read. */
const knownRecord = (folder: string): ReturnType<typeof readRunRecord> =>
  readRunRecord(folder).catch((error: unknown) => {
    if (error instanceof SpellmError && error.code === 'run-corrupt') return createRunRecord()
    throw error
  })
