/**
 * Takes and releases the lock of a run over and over, and checks each time that nobody else is inside.
 * Usage: contend.ts RUN ROUNDS. Prints how many times it had the lock; exits with 1 if it wasn't alone.
 */
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { SpellmError } from '../../base/errors.ts'
import { acquireLock } from '../lock.ts'

const [run = '', rounds = ''] = process.argv.slice(2)
const inside = join(run, 'inside')
let held = 0
for (let round = 0; round < Number(rounds); round++) {
  try {
    const release = await acquireLock(run)
    await (await open(inside, 'wx')).close()
    held++
    await rm(inside)
    await release()
  } catch (error) {
    if (!(error instanceof SpellmError && error.code === 'run-busy')) throw error
  }
}
console.log(held)
