import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { superviseEngine, type EngineEnd, type EngineProcess } from './engine-supervisor.ts'
import type { EngineCrash } from './lifecycle-messages.ts'

/** A process that ends when the test says so, or when it is asked to. */
class PracticeProcess implements EngineProcess {
  readonly ended: Promise<EngineEnd>
  readonly crash: EngineCrash | null
  end!: (how: EngineEnd) => void

  constructor(crash: EngineCrash | null) {
    this.crash = crash
    this.ended = new Promise((resolve) => (this.end = resolve))
  }

  stop(): void {
    this.end({ kind: 'stopped' })
  }

  kill(): void {
    this.end({ kind: 'crashed', reason: 'killed' })
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: new Date('2026-03-01T12:00:00Z') })
  onTestFinished(() => void vi.useRealTimers())
})

function supervise() {
  const started: PracticeProcess[] = []
  const reasons: string[] = []
  const supervisor = superviseEngine<PracticeProcess>({
    start: (crash) => new PracticeProcess(crash),
    onStarted: (process) => started.push(process),
    onGivenUp: (reason) => reasons.push(reason),
  })
  /** Ends the process that lives now, `seconds` after the last event. */
  const crash = async (reason: string, seconds: number) => {
    await vi.advanceTimersByTimeAsync(1000 * seconds)
    started.at(-1)!.end({ kind: 'crashed', reason })
    await vi.advanceTimersByTimeAsync(0)
  }
  return { started, reasons, supervisor, crash }
}

test('the process after a crash is told how the one before it ended', async () => {
  const { started, supervisor, crash } = supervise()
  expect(started[0]!.crash).toBeNull()
  await crash('out of memory', 90)
  expect(started).toHaveLength(2)
  expect(started[1]!.crash).toEqual({ at: '2026-03-01T12:01:30.000Z', reason: 'out of memory' })
  expect(supervisor.process).toBe(started[1])
})

test('three crashes within a minute are enough', async () => {
  const { started, reasons, supervisor, crash } = supervise()
  await crash('first', 0)
  await crash('second', 29)
  await crash('third', 29)
  expect(started).toHaveLength(3)
  expect(reasons).toEqual(['The engine crashed 3 times within a minute. third'])
  expect(supervisor.process).toBeNull()
  expect(supervisor.failure).toBe(reasons[0])
})

test('crashes far from each other are no reason to give up', async () => {
  const { started, reasons, crash } = supervise()
  for (let i = 0; i < 10; i++) await crash('again', 31)
  expect(started).toHaveLength(11)
  expect(reasons).toEqual([])
})

test('an engine that cannot work here is not started again', async () => {
  const { started, reasons, supervisor } = supervise()
  started[0]!.end({ kind: 'unable', reason: 'The data folder is read-only.' })
  await vi.advanceTimersByTimeAsync(0)
  expect(started).toHaveLength(1)
  expect(supervisor.failure).toBe('The data folder is read-only.')
  expect(reasons).toEqual(['The data folder is read-only.'])
})

test.each(['stop', 'kill'] as const)('after %s no other process is started', async (way) => {
  const { started, reasons, supervisor } = supervise()
  await supervisor[way]()
  await vi.advanceTimersByTimeAsync(0)
  expect(started).toHaveLength(1)
  expect(supervisor.process).toBeNull()
  expect(reasons).toEqual([])
})
