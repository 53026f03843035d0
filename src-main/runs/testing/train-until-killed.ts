/**
 * Makes or resumes a run and never ends. Usage: train-until-killed.ts RUN.
 * Prints `ready`, waits for a line on the standard input, and prints the step of each finished checkpoint.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { once } from 'node:events'
import { createRun, openRun } from '../index.ts'
import { lossAt, newRun, settingsSchema, stateSchema, stepsPerCheckpoint, tensorsAt } from './practice.ts'

const [folder = ''] = process.argv.slice(2)

console.log('ready')
await once(process.stdin, 'data')

const run = existsSync(join(folder, 'run.json'))
  ? await openRun(folder, settingsSchema)
  : await createRun(folder, settingsSchema, newRun)
const { checkpoint } = await run.resume(stateSchema)

for (let step = (checkpoint?.step ?? 0) + 1; ; step++) {
  await run.appendMetrics({ step, loss: lossAt(step) })
  // Now and then, at steps that have nothing to do with those of the checkpoints.
  if (step % 7 === 0) await run.flush()
  if (step % stepsPerCheckpoint === 0) {
    await run.saveCheckpoint(step, tensorsAt(step), { step })
    console.log(step)
  }
}
