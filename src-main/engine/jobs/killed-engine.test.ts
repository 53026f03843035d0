import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../runs/testing/temporary-folder.ts'
import { untilStatus } from '../testing/client.ts'
import { openEngine } from '../testing/open-engine.ts'
import { shortRequest } from '../testing/short-request.ts'

it('a killed engine leaves its runs interrupted, and the next one resumes them when asked', async () => {
  const scratch = await temporaryFolder()
  const dataFolder = join(scratch, 'data')
  const request = { ...(await shortRequest(scratch)), epochs: 12 }
  const script = join(import.meta.dirname, '../testing/run-engine.ts')
  const args = ['--import', 'tsx', script, dataFolder, JSON.stringify(request), 'cut off', 'next']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'close')

  const { client, close } = await openEngine({ dataFolder })
  const runs = await client.runs.list()
  const statusOf = (name: string) => runs.find(({ id }) => id === name)?.status
  expect([statusOf('cut off'), statusOf('next')]).toEqual(['interrupted', 'interrupted'])

  await client.runs.resume({ id: 'cut off' })
  const finished = await untilStatus(client, 'cut off', 'finished', 'failed')
  const { step } = await client.runs.history({ id: 'cut off' })
  expect(step).toEqual(Array.from({ length: finished.result!.steps }, (_, i) => i + 1))
  expect((await client.runs.get({ id: 'next' })).status).toBe('interrupted')
  await close()
})
