/**
 * Takes and releases a lock over and over, and checks each time that nobody else is inside.
 * Usage: contend.ts FOLDER ROUNDS never|MILLISECONDS, the last one: when it expires. Prints how many times it had the lock; exits
 * with 1 if it wasn't alone.
 */
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { tryLock } from '../file-lock.ts'

const [folder = '', rounds = '', expires = ''] = process.argv.slice(2)
const inside = join(folder, 'inside')
let held = 0
for (let round = 0; round < Number(rounds); round++) {
  const attempt = await tryLock(
    { folder: join(folder, 'locks') },
    expires === 'never' ? {} : { expiresAfter: Number(expires) },
  )
  if (attempt.holder !== null) continue
  await (await open(inside, 'wx')).close()
  held++
  await rm(inside)
  await attempt.release()
}
console.log(held)
