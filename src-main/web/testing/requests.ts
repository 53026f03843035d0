import { once } from 'node:events'
import { request, type IncomingHttpHeaders } from 'node:http'
import { WebSocket } from 'ws'
import { entrancePath } from '../access.ts'

/** A server as a visitor knows it: by the printed address. */
export interface Visited {
  readonly host: string
  readonly token: string
}

export function visited(url: string): Visited {
  const { host, searchParams } = new URL(url)
  return { host, token: searchParams.get('token')! }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** One request, word by word: `path` isn't normalised, and `headers` may lie about the host. */
export async function get(
  { host }: Visited,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(`http://${host}`)
  const sent = request({ hostname, port, path, method, headers: { Host: host, ...headers }, agent: false })
  sent.end()
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
  let body = ''
  for await (const block of response) body += String(block)
  return { status: response.statusCode!, headers: response.headers, body }
}

/** The cookie that the printed address gives. */
export async function enter(server: Visited): Promise<string> {
  const { headers } = await get(server, `${entrancePath}?token=${server.token}`)
  return headers['set-cookie']![0]!.split(';')[0]!
}

/** A WebSocket that asks for the engine; the headers are those of the studio's own page unless given. */
export function openSocket(
  { host }: Visited,
  headers: Record<string, string>,
  { origin = `http://${host}`, path = '/engine' }: { origin?: string | null; path?: string } = {},
): WebSocket {
  return new WebSocket(`ws://${host}${path}`, { headers, ...(origin === null ? {} : { origin }) })
}

/** How a socket ended: the status that refused its upgrade, or its close code and reason. */
export async function ending(
  socket: WebSocket,
): Promise<{ status: number } | { code: number; reason: string }> {
  return new Promise((resolve) => {
    socket.on('unexpected-response', (_, response) => {
      response.resume()
      resolve({ status: response.statusCode! })
    })
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    socket.on('error', () => undefined)
  })
}
