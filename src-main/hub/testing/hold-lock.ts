/**
 * Usage: hold-lock.ts FOLDER NAME ROUNDS|for-ever. Takes a lock of the Hub's so many times, checks each time that nobody
 * else is inside, and prints `inside` each time; exits with 1 if it wasn't alone. For ever: stays inside.
 */
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { withLock } from '../lock.ts'

const [folder = '', name = '', rounds = ''] = process.argv.slice(2)
const { signal } = new AbortController()
const file = join(folder, 'inside')

async function enter(): Promise<void> {
  console.log('inside')
  if (rounds === 'for-ever') await new Promise((resolve) => setTimeout(resolve, 1e9))
  await (await open(file, 'wx')).close()
  await rm(file)
}

const count = rounds === 'for-ever' ? 1 : Number(rounds)
for (let i = 0; i < count; i++)
  await withLock(join(folder, 'locks'), name, { signal, onWait: () => undefined }, enter)
