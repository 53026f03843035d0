import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createORPCClient } from '@orpc/client'
import { RPCLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import { expect, onTestFinished, test } from 'vitest'
import type { WebSocket } from 'ws'
import type { contract } from '../contract/index.ts'
import { processState } from '../base/process-state.ts'
import { openStudio, type Studio } from './studio.ts'
import { ending, enter, openSocket, visited } from './testing/requests.ts'

type EngineClient = ContractRouterClient<typeof contract>

interface Opened {
  readonly studio: Studio
  readonly dataFolder: string
  readonly log: string[]
  /** A window's socket, open. */
  readonly connect: () => Promise<WebSocket>
}

async function open(dataFolder?: string): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'spellm-studio-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'index.html'), '<!doctype html>')
  const log: string[] = []
  const options = {
    rendererFolder: folder,
    dataFolder: dataFolder ?? join(folder, 'data'),
    address: '127.0.0.1',
    port: 0,
    log: (message: string) => log.push(message),
    execArgv: ['--import', 'tsx'],
  }
  const studio = await openStudio(options)
  onTestFinished(() => studio.close())
  const server = visited(studio.urls[0]!)
  const cookie = await enter(server)
  const connect = async () => {
    const socket = openSocket(server, { Cookie: cookie })
    await once(socket, 'open')
    return socket
  }
  return { studio, dataFolder: options.dataFolder, log, connect }
}

function engineOn(socket: WebSocket): EngineClient {
  return createORPCClient(new RPCLink({ websocket: socket as never }))
}

test('a window asks the engine over its socket', async () => {
  const { connect, dataFolder } = await open()
  const engine = engineOn(await connect())
  const info = await engine.app.info()
  expect(info).toMatchObject({ dataFolder, crash: null, engine: { platform: process.platform } })
  expect(await engine.runs.list()).toEqual([])
})

test('windows are told apart', async () => {
  const { connect } = await open()
  const [first, second] = [engineOn(await connect()), engineOn(await connect())]
  const changed = first.app.changeSettings({ theme: 'dark' })
  const [settings, listed] = await Promise.all([changed, second.models.list()])
  expect(settings.theme).toBe('dark')
  expect(listed[0]).toMatchObject({ usable: true, card: { reference: 'sample' } })
})

test('a call against the contract is answered with an error', async () => {
  const { connect } = await open()
  const engine = engineOn(await connect())
  const failures = await Promise.allSettled([
    engine.models.inspect({ reference: 7 } as never),
    engine.runs.get({ id: '../../etc' }),
    engine.console.generate({} as never),
  ])
  for (const failure of failures)
    expect(failure).toMatchObject({
      status: 'rejected',
      reason: { defined: true, data: { code: 'setting-invalid' } },
    })
})

test('no message takes the engine down', async () => {
  const { connect, studio } = await open()
  const socket = await connect()
  const pid = studio.enginePid
  for (const message of hostileMessages) socket.send(message)
  // The answer to the last message on this socket shows that all were read.
  expect((await engineOn(socket).app.info()).crash).toBeNull()
  expect(studio.enginePid).toBe(pid)
})

test.runIf(process.platform === 'linux')('the engine asks for huge pages', async () => {
  const { studio } = await open()
  const environment = await readFile(`/proc/${studio.enginePid}/environ`, 'utf8')
  expect(environment.split('\0')).toContainEqual(
    expect.stringMatching(/^GLIBC_TUNABLES=.*glibc\.malloc\.hugetlb=/),
  )
})

const hostileMessages = [
  'no JSON',
  '',
  'null',
  '[]',
  '{"i":"x"}',
  '{"i":"x","p":{}}',
  '{"i":"x","p":{"u":"no slash","b":{}}}',
  '{"i":"x","p":{"u":7}}',
  '{"i":"x","p":{"u":"/app/info","h":{"content-type":"multipart/form-data"},"b":{}}}',
  '{"i":"x","t":3,"p":null}',
  '{"i":"x","p":{"u":"/constructor","b":{}}}',
  '{"i":"x","p":{"u":"/__proto__/toString","b":{}}}',
  '{"i":"x","p":{"u":"/models/inspect","b":{"json":{},"meta":[[1,"__proto__","x"]]}}}',
  '['.repeat(100_000),
]

test('when the engine is killed, windows connect to the next one, which tells why', async () => {
  const { studio, connect, log } = await open()
  const socket = await connect()
  await engineOn(socket).app.info()
  const ended = ending(socket)
  process.kill(studio.enginePid!, 'SIGKILL')
  expect(await ended).toEqual({ code: 1012, reason: 'The engine is starting again.' })
  const { crash } = await engineOn(await connect()).app.info()
  expect(crash!.reason).toContain('SIGKILL')
  expect(log).toHaveLength(1)
})

test('calls under way fail when the engine dies', async () => {
  const { studio, connect } = await open()
  const engine = engineOn(await connect())
  const changes = await engine.runs.watch()
  const next = changes.next()
  process.kill(studio.enginePid!, 'SIGKILL')
  await expect(next).rejects.toThrow()
})

test('after the third crash within a minute the window and the terminal are told to give up', async () => {
  const { studio, connect, log } = await open()
  for (let crash = 1; crash <= 3; crash++) {
    const socket = await connect()
    const ended = ending(socket)
    process.kill(studio.enginePid!, 'SIGKILL')
    expect(await ended).toMatchObject({ code: crash < 3 ? 1012 : 4001 })
  }
  expect(log.at(-1)).toContain('crashed 3 times within a minute')
  expect(studio.enginePid).toBeUndefined()
  const late = await connect()
  expect(await ending(late)).toMatchObject({ code: 4001 })
})

test('a data folder that cannot be used is said once, with the remedy', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'spellm-data-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'file')
  await writeFile(file, '')
  const { connect, log } = await open(join(file, 'data'))
  const end = await ending(await connect())
  expect(end).toMatchObject({ code: 4001 })
  expect(log).toHaveLength(1)
  expect(log[0]).toContain(file)
})

test('closing ends the engine process and says goodbye to the windows', async () => {
  const { studio, connect } = await open()
  const socket = await connect()
  await engineOn(socket).app.info()
  const pid = studio.enginePid!
  const ended = ending(socket)
  await studio.close()
  expect(await ended).toMatchObject({ code: 1001 })
  expect(await processState(pid)).toEqual({ alive: false })
})
