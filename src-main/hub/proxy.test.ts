import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { planDownload } from './download-model.ts'
import { parseModelReference } from './reference.ts'
import { environmentProxy } from './proxy.ts'
import { modelId, startHub, type HubServer } from './testing/hub-server.ts'
import { sampleFiles } from './testing/sample-files.ts'

let scratch = ''
let hub: HubServer
let proxy: ProxyServer

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-proxy-'))
  hub = await startHub(await sampleFiles())
  proxy = await startProxy()
  for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'])
    for (const spelled of [name, name.toLowerCase()]) vi.stubEnv(spelled, undefined)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await hub.close()
  await proxy.close()
  await rm(scratch, { recursive: true, force: true })
})

const plan = (endpoint = hub.endpoint) =>
  planDownload(parseModelReference(modelId), {
    settings: { endpoint, cacheFolder: scratch, token: null, offline: false },
    onEvent: () => undefined,
    stallTimeout: 2_000,
    retryDelay: 1,
  })
const hostOf = (address: string) => new URL(address).host

it.each(['HTTP_PROXY', 'http_proxy'])('%s is asked for a Hub without encryption', async (name) => {
  vi.stubEnv(name, proxy.address)
  expect(await plan()).toMatchObject({ filesTotal: 6 })
  expect(new Set(proxy.hosts)).toEqual(new Set([hostOf(hub.endpoint)]))
})

it.each(['HTTPS_PROXY', 'https_proxy'])('%s is asked for a tunnel to any other Hub', async (name) => {
  vi.stubEnv(name, proxy.address)
  proxy.refuses = true
  await expect(plan('https://hub.example')).rejects.toMatchObject({
    code: 'network-failed',
    message: expect.stringContaining('the proxy answered HTTP 407') as string,
  })
  expect(new Set(proxy.hosts)).toEqual(new Set(['hub.example:443']))
})

it('is not asked for hosts that NO_PROXY names', async () => {
  vi.stubEnv('HTTP_PROXY', proxy.address)
  vi.stubEnv('NO_PROXY', `example.com,${new URL(hub.endpoint).hostname}`)
  expect(await plan()).toMatchObject({ filesTotal: 6 })
  expect(proxy.hosts).toEqual([])
})

it('is an error by its name where the variable holds no address, without the password in it', async () => {
  vi.stubEnv('HTTPS_PROXY', 'socks5://me:secret@localhost:1')
  await expect(plan()).rejects.toMatchObject({
    code: 'setting-invalid',
    message: 'HTTPS_PROXY is not the address of a proxy.',
  })
})

it('keeps its connections while the environment stays the same', () => {
  vi.stubEnv('HTTP_PROXY', proxy.address)
  expect(environmentProxy()).toBe(environmentProxy())
})

interface ProxyServer {
  readonly address: string
  /** Those that it was asked for, in order. */
  readonly hosts: string[]
  /** Whether it wants a password. */
  refuses: boolean
  close(): Promise<void>
}

/** Passes requests on, and opens tunnels for CONNECT (RFC 9110, section 9.3.6). */
async function startProxy(): Promise<ProxyServer> {
  const hosts: string[] = []
  const state = { refuses: false }
  const tunnels = new Set<Duplex>()
  const server = createServer((asked: IncomingMessage, answer: ServerResponse) => {
    const url = new URL(asked.url!)
    hosts.push(url.host)
    const { method, headers } = asked
    asked.pipe(
      request(url, { method, headers }, (passed) => {
        answer.writeHead(passed.statusCode!, passed.headers)
        passed.pipe(answer)
      }),
    )
  })
  server.on('connect', ({ url }: IncomingMessage, client: Duplex) => {
    hosts.push(url!)
    if (state.refuses) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const [host, port] = url!.split(':') as [string, string]
    const target = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      target.pipe(client).pipe(target)
    })
    for (const end of [client, target]) {
      tunnels.add(end)
      end.on('error', () => undefined)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(state, {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hosts,
    close: async () => {
      for (const tunnel of tunnels) tunnel.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
