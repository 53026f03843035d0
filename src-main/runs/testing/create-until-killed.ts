/**
 * Makes one run after the other below a folder, for ever. Usage: create-until-killed.ts FOLDER.
 * Prints `ready`, waits for a line on the standard input, and prints the number of each run.
 */
import { once } from 'node:events'
import { join } from 'node:path'
import { createRun } from '../index.ts'
import { newRun, settingsSchema } from './practice.ts'

const [folder = ''] = process.argv.slice(2)
console.log('ready')
await once(process.stdin, 'data')
for (let number = 1; ; number++) {
  await (await createRun(join(folder, String(number)), settingsSchema, newRun)).close()
  console.log(number)
}
