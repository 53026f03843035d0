import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { startStudioServer, type EngineAccess } from './server.ts'
import { ending, enter, get, openSocket, visited, type Visited } from './testing/requests.ts'

const megabyte = 1024 * 1024
const page = '<!doctype html><title>the page</title>'

/** An engine that repeats what it hears. */
const repeater: EngineAccess = {
  connect: (onMessage) => ({
    send: (data) => {
      onMessage(data)
      return Promise.resolve()
    },
    close: () => undefined,
  }),
}

/** A server for a page with one script, and a file beside its folder that nobody may see. */
async function startServer(engine = repeater): Promise<Visited & { close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'spellm-server-'))
  const rendererFolder = join(folder, 'renderer')
  await mkdir(join(rendererFolder, 'assets'), { recursive: true })
  await writeFile(join(rendererFolder, 'index.html'), page)
  await writeFile(join(rendererFolder, 'assets', 'main-1a2b.js'), 'start()')
  await writeFile(join(folder, 'secret.txt'), 'secret')
  const server = await startStudioServer({ rendererFolder, address: '127.0.0.1', port: 0, engine })
  onTestFinished(async () => {
    await server.close()
    await rm(folder, { recursive: true })
  })
  return { ...visited(server.urls[0]!), close: () => server.close() }
}

async function opened(socket: WebSocket): Promise<WebSocket> {
  await once(socket, 'open')
  onTestFinished(() => socket.terminate())
  return socket
}

test('the printed address leads to the page, and the cookie it gives opens everything', async () => {
  const server = await startServer()
  const entrance = await get(server, `/open?token=${server.token}`)
  expect(entrance.status).toBe(200)
  expect(entrance.body).toContain('<meta http-equiv="refresh" content="0;url=/">')
  expect(entrance.headers['set-cookie']![0]).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/)
  const cookie = await enter(server)
  const answer = await get(server, '/', { headers: { Cookie: `other=1; ${cookie}` } })
  expect(answer).toMatchObject({ status: 200, body: page })
  const socket = await opened(openSocket(server, { Cookie: cookie }))
  socket.send('hello')
  expect(String((await once(socket, 'message'))[0])).toBe('hello')
})

test.each([
  ['no cookie', null],
  ['a wrong token', (cookie: string) => `${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'B' : 'A'}`],
  ['a token that is too short', (cookie: string) => cookie.slice(0, -1)],
  ['an empty token', (cookie: string) => cookie.split('=')[0]! + '='],
  ['the cookie of another port', (cookie: string) => cookie.replace(/^spellm-studio-\d+/, 'spellm-studio-1')],
] as const)('%s is answered with 401', async (_, change) => {
  const server = await startServer()
  const cookie = await enter(server)
  const headers: Record<string, string> = change ? { Cookie: change(cookie) } : {}
  for (const path of ['/', '/assets/main-1a2b.js', '/nothing', '/engine'])
    expect(await get(server, path, { headers })).toMatchObject({ status: 401 })
  expect(await ending(openSocket(server, headers))).toEqual({ status: 401 })
})

test('a wrong token at the entrance gives no cookie', async () => {
  const server = await startServer()
  for (const query of ['', '?token=', `?token=${server.token}x`, `?other=${server.token}`]) {
    const answer = await get(server, `/open${query}`)
    expect(answer.status).toBe(401)
    expect(answer.headers).not.toHaveProperty('set-cookie')
  }
})

test.each([
  'evil.example:PORT',
  '127.0.0.1.evil.example:PORT',
  'localhost.:PORT',
  '127.0.0.1',
  '127.0.0.1:1',
])('the host name %s is refused, with and without the token', async (name) => {
  const server = await startServer()
  const host = name.replace('PORT', server.host.split(':')[1]!)
  const headers = { Host: host, Cookie: await enter(server) }
  expect(await get(server, '/', { headers })).toMatchObject({ status: 403 })
  expect(await get(server, `/open?token=${server.token}`, { headers })).toMatchObject({ status: 403 })
  const socket = openSocket(server, headers, { origin: `http://${host}` })
  expect(await ending(socket)).toEqual({ status: 403 })
})

test('localhost is the same place', async () => {
  const server = await startServer()
  const port = server.host.split(':')[1]!
  const headers = { Host: `localhost:${port}`, Cookie: await enter(server) }
  expect(await get(server, '/', { headers })).toMatchObject({ status: 200 })
  await opened(openSocket(server, headers, { origin: `http://localhost:${port}` }))
})

test.each([
  'http://evil.example',
  'https://127.0.0.1',
  'http://127.0.0.1:1',
  'http://localhost',
  'null',
  'file://',
  null,
])('a page of the origin %o gets no socket, even with the cookie', async (origin) => {
  const server = await startServer()
  const socket = openSocket(server, { Cookie: await enter(server) }, { origin })
  expect(await ending(socket)).toEqual({ status: 403 })
})

test("other sites' pages can't fetch", async () => {
  const server = await startServer()
  const headers = { Cookie: await enter(server), Origin: 'http://evil.example' }
  const answer = await get(server, '/assets/main-1a2b.js', { headers })
  expect(answer).toMatchObject({ status: 403 })
  expect(answer.headers).not.toHaveProperty('access-control-allow-origin')
})

test.each([
  '/../secret.txt',
  '/assets/../../secret.txt',
  '/%2e%2e/secret.txt',
  '/..%2fsecret.txt',
  '/%2e%2e%2fsecret.txt',
  '/..%5csecret.txt',
  '/..\\secret.txt',
  '/%252e%252e/secret.txt',
  '/assets/%00/../../secret.txt',
  '//secret.txt',
  '/%',
  'http://127.0.0.1/../secret.txt',
  '/etc/passwd',
])('%s leads nowhere', async (path) => {
  const server = await startServer()
  const answer = await get(server, path, { headers: { Cookie: await enter(server) } })
  expect(answer.status).toBe(404)
  expect(answer.body).not.toContain('secret')
})

test('scripts run only from the files of the page, and nothing may frame it', async () => {
  const server = await startServer()
  const answers = [
    await get(server, '/', { headers: { Cookie: await enter(server) } }),
    await get(server, `/open?token=${server.token}`),
    await get(server, '/'),
  ]
  for (const { headers } of answers) {
    const policy = new Map(
      (headers['content-security-policy'] as string)
        .split('; ')
        .map((directive) => directive.split(' '))
        .map(([name, ...values]) => [name, values]),
    )
    expect(policy.get('default-src')).toEqual(["'none'"])
    expect(policy.get('script-src')).toEqual(["'self'"])
    expect(policy.get('connect-src')).toEqual(["'self'", `ws://${server.host}`])
    expect(policy.get('frame-ancestors')).toEqual(["'none'"])
    expect(policy.get('base-uri')).toEqual(["'none'"])
    expect(policy.get('form-action')).toEqual(["'none'"])
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
  }
})

test('files with a hash in their name are kept by the browser, the page never', async () => {
  const server = await startServer()
  const headers = { Cookie: await enter(server) }
  expect((await get(server, '/', { headers })).headers['cache-control']).toBe('no-store')
  expect((await get(server, '/index.html', { headers })).headers['cache-control']).toBe('no-store')
  expect((await get(server, '/assets/main-1a2b.js', { headers })).headers['cache-control']).toContain(
    'immutable',
  )
})

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])('%s is not answered', async (method) => {
  const server = await startServer()
  const answer = await get(server, '/', { method, headers: { Cookie: await enter(server) } })
  expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } })
})

test('a message of more than 8 MiB ends its socket and no other', async () => {
  const server = await startServer()
  const headers = { Cookie: await enter(server) }
  const [big, other] = [await opened(openSocket(server, headers)), await opened(openSocket(server, headers))]
  const ended = ending(big)
  big.send('x'.repeat(8 * 1024 * 1024 + 1))
  expect(await ended).toMatchObject({ code: 1009 })
  other.send('still here')
  expect(String((await once(other, 'message'))[0])).toBe('still here')
})

test('bytes are no message', async () => {
  const server = await startServer()
  const socket = await opened(openSocket(server, { Cookie: await enter(server) }))
  const ended = ending(socket)
  socket.send(Buffer.from([0, 255]))
  expect(await ended).toMatchObject({ code: 1003 })
})

test('the seventeenth window waits until another one is closed', async () => {
  const server = await startServer()
  const headers = { Cookie: await enter(server) }
  const sockets = await Promise.all(Array.from({ length: 16 }, () => opened(openSocket(server, headers))))
  expect(await ending(openSocket(server, headers))).toEqual({ status: 503 })
  const closed = ending(sockets[0]!)
  sockets[0]!.close()
  await closed
  await opened(openSocket(server, headers))
})

test('while the engine is busy, the browser waits, and then nothing is lost', async () => {
  const patience = { timeout: 30_000 }
  const heard: string[] = []
  const waiting: (() => void)[] = []
  let most = 0
  const server = await startServer({
    connect: () => ({
      send: (data) => {
        heard.push(data)
        return new Promise((resolve) => (most = Math.max(most, waiting.push(resolve))))
      },
      close: () => undefined,
    }),
  })
  const socket = await opened(openSocket(server, { Cookie: await enter(server) }))
  const messages = Array.from({ length: 12 }, (_, i) => String(i).padEnd(megabyte))
  for (const message of messages) socket.send(message)
  await vi.waitFor(() => expect(heard).toHaveLength(5), patience)
  // Each message that the engine takes makes room for one.
  for (let more = 6; more <= messages.length; more++) {
    waiting.shift()!()
    await vi.waitFor(() => expect(heard).toHaveLength(more), patience)
  }
  expect(heard).toEqual(messages)
  expect(most).toBe(5)
})

test('a browser that reads nothing is let go before it fills the memory', async () => {
  let say: (data: string) => void = () => undefined
  const server = await startServer({
    connect: (onMessage) => {
      say = onMessage
      return { send: () => Promise.resolve(), close: () => undefined }
    },
  })
  const socket = await opened(openSocket(server, { Cookie: await enter(server) }))
  socket.pause()
  for (let i = 0; i < 100; i++) say('x'.repeat(megabyte))
  const ended = ending(socket)
  socket.resume()
  expect(await ended).toMatchObject({ code: 1006 })
})

test('sockets are opened at /engine only', async () => {
  const server = await startServer()
  const socket = openSocket(server, { Cookie: await enter(server) }, { path: '/other' })
  expect(await ending(socket)).toEqual({ status: 404 })
})

test('when no engine lives, the socket is closed with the reason, cut to what a close frame holds', async () => {
  const failure = `Die Daten sind nicht lesbar: ${'ä'.repeat(100)}`
  const server = await startServer({ connect: () => ({ failure }) })
  const socket = openSocket(server, { Cookie: await enter(server) })
  const end = await ending(socket)
  expect(end).toMatchObject({ code: 4001 })
  const { reason } = end as { reason: string }
  expect(reason).toMatch(/^Die Daten sind nicht lesbar: ä+…$/)
  expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123)
})

test('closing says goodbye to open sockets and frees the port', async () => {
  const server = await startServer()
  const socket = await opened(openSocket(server, { Cookie: await enter(server) }))
  const ended = ending(socket)
  await server.close()
  expect(await ended).toEqual({ code: 1001, reason: 'The studio was closed.' })
  await expect(get(server, '/')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a socket that never answers does not hold up the end', async () => {
  const server = await startServer()
  const socket = await opened(openSocket(server, { Cookie: await enter(server) }))
  socket.pause()
  await server.close()
})

test('an occupied port is an error with a remedy', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const rendererFolder = await mkdtemp(join(tmpdir(), 'spellm-server-'))
  onTestFinished(() => rm(rendererFolder, { recursive: true }))
  await writeFile(join(rendererFolder, 'index.html'), page)
  const starting = startStudioServer({ rendererFolder, address: '127.0.0.1', port, engine: repeater })
  await expect(starting).rejects.toMatchObject({
    code: 'address-unavailable',
    remedy: expect.stringContaining('--port') as string,
  })
})

test('without the built page nothing starts', async () => {
  const rendererFolder = join(tmpdir(), 'spellm-no-such-renderer')
  const starting = startStudioServer({ rendererFolder, address: '127.0.0.1', port: 0, engine: repeater })
  await expect(starting).rejects.toMatchObject({ code: 'file-not-found' })
})
