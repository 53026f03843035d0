import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import sirv from 'sirv'
import { WebSocketServer, type WebSocket } from 'ws'
import { pageHeaders } from '../contract/page-policy.ts'
import { SpellmError } from '../base/errors.ts'
import { createAccess, entrancePath, parseTarget, printedHosts, type Access } from './access.ts'
import type { EngineConnection } from './engine-child.ts'

/** A longer prompt than the contract allows doesn't fit; everything that it allows does. */
const maxMessageBytes = 8 * 1024 * 1024
/** Browser windows at a time. */
const maxSockets = 16
const maxHttpConnections = 256
/** What may wait for a browser that doesn't read, or for an engine that is busy. */
const maxWaitingBytes = 64 * 1024 * 1024
const pauseAboveBytes = 4 * 1024 * 1024
const heartbeatMilliseconds = 30_000
const closingMilliseconds = 1_000

/** Close codes; those from 4000 are this application's own. */
const closeCodes = {
  goingAway: 1001,
  notText: 1003,
  restarting: 1012,
  /** The renderer stops connecting and shows the reason. */
  engineFailed: 4001,
}

/** What the server needs of the engine. */
export interface EngineAccess {
  /** A line to the engine that lives now, or why none does. */
  connect(onMessage: (data: string) => void): EngineConnection | { readonly failure: string }
}

export interface StudioServerOptions {
  /** The built renderer. */
  readonly rendererFolder: string
  /** IP address or host name to listen on. */
  readonly address: string
  /** 0: any free one. */
  readonly port: number
  readonly engine: EngineAccess
}

export interface StudioServer {
  readonly port: number
  /** The addresses that open the studio. They carry the token. */
  readonly urls: readonly string[]
  /** The engine died: the browsers connect again to the next one. */
  dropConnections(): void
  /** There will be no next one: the browsers say why. */
  refuseConnections(reason: string): void
  /** Closes all connections and stops listening. */
  close(): Promise<void>
}

/**
 * Serves the renderer over HTTP, and the engine to it over a WebSocket at `/engine`, to whoever has the token.
 *
 * @throws SpellmError 'file-not-found' (the renderer isn't built) | 'address-unavailable'
 */
export async function startStudioServer(options: StudioServerOptions): Promise<StudioServer> {
  const { rendererFolder, address } = options
  if (!existsSync(join(rendererFolder, 'index.html')))
    throw new SpellmError(
      'file-not-found',
      `${rendererFolder}: the studio's page is not there.`,
      "Run 'npm run setup', which builds it.",
    )
  const server = createServer()
  server.maxConnections = maxHttpConnections
  const port = await listen(server, address, options.port)
  const access = createAccess(address, port)
  const sockets = openSockets(server, access, options.engine)
  const files = sirv(rendererFolder, { etag: true, setHeaders: setCaching })
  server.on('request', (request, response) => answer(request, response, access, files))
  return {
    port,
    urls: printedHosts(address, port).map((host) => `http://${host}${entrancePath}?token=${access.token}`),
    dropConnections: () => sockets.closeAll(closeCodes.restarting, 'The engine is starting again.'),
    refuseConnections: (reason) => sockets.closeAll(closeCodes.engineFailed, reason),
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve))
      await sockets.end()
      server.closeAllConnections()
      await closed
    },
  }
}

async function listen(server: Server, address: string, port: number): Promise<number> {
  server.listen(port, address)
  try {
    await once(server, 'listening')
  } catch (error) {
    throw describeListenError(error as NodeJS.ErrnoException, address, port)
  }
  return (server.address() as AddressInfo).port
}

function describeListenError(error: NodeJS.ErrnoException, address: string, port: number): Error {
  const remedies: Record<string, string> = {
    EADDRINUSE: 'Another program listens there: choose another --port, or 0 for any free one.',
    EACCES: 'This port needs more rights: choose a --port above 1023.',
    EADDRNOTAVAIL: "This machine doesn't have that address: check --host.",
    ENOTFOUND: "That name can't be found: check --host.",
  }
  const remedy = remedies[error.code ?? '']
  if (remedy === undefined) return error
  return new SpellmError('address-unavailable', `Port ${port} of ${address}: ${error.message}.`, remedy, {
    cause: error,
  })
}

type Files = ReturnType<typeof sirv>

function answer(request: IncomingMessage, response: ServerResponse, access: Access, files: Files): void {
  const refusal = refuse(request, access)
  for (const [name, value] of Object.entries(pageHeaders(socketOrigin(request, refusal))))
    response.setHeader(name, value)
  // Files that may be kept say so below.
  response.setHeader('Cache-Control', 'no-store')
  if (refusal) sendText(response, refusal.status, refusal.message)
  else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    sendText(response, 405, 'Only GET and HEAD are answered here.')
  } else if (access.hasToken(request)) sendEntrance(response, access)
  else if (!access.hasCookie(request))
    sendText(
      response,
      401,
      'This address needs the token of this launch: open the whole address that the terminal shows.',
    )
  else files(request, response, () => sendText(response, 404, 'Page not found.'))
}

interface Refusal {
  readonly status: number
  readonly message: string
}

/** Why a request is turned away, whatever it asks for. */
function refuse(request: IncomingMessage, access: Access): Refusal | null {
  if (!access.isOwnHost(request))
    return {
      status: 403,
      message:
        "The studio isn't known by this name: use the address that the terminal shows, with the same port.",
    }
  // A page of another site that asks for something says so; what the address bar asks for has no Origin.
  if (!access.isOwnOrigin(request, { withoutOrigin: true }))
    return { status: 403, message: 'Pages of other sites have no access.' }
  return null
}

/** 'self' covers the WebSocket in newer browsers only. The host's name was checked. */
function socketOrigin({ headers }: IncomingMessage, refusal: Refusal | null): string[] {
  return refusal ? [] : [`ws://${headers.host!}`]
}

/**
 * Hands out the cookie and leads to the page. Not by a redirect: to one that follows a link from another site,
 * such as a terminal in a web page, browsers don't send the new cookie along. It names an empty icon, because
 * browsers would ask for one.
 */
function sendEntrance(response: ServerResponse, { cookie }: Access): void {
  response.setHeader('Set-Cookie', cookie)
  response.setHeader('Content-Type', 'text/html;charset=utf-8')
  response.end(
    '<!doctype html><html lang="en"><head><meta http-equiv="refresh" content="0;url=/"><link rel="icon" href="data:,"><title>SpeLLM Studio</title></head><body><a href="/">SpeLLM Studio</a></body></html>\n',
  )
}

function sendText(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain;charset=utf-8' })
  response.end(`${message}\n`)
}

/** Files with a hash in their name never change. */
function setCaching(response: ServerResponse, pathname: string): void {
  if (pathname.startsWith('/assets/'))
    response.setHeader('Cache-Control', 'private, max-age=31536000, immutable')
}

interface Sockets {
  closeAll(code: number, reason: string): void
  /** Says goodbye, and doesn't wait long for those that don't answer. */
  end(): Promise<void>
}

function openSockets(server: Server, access: Access, engine: EngineAccess): Sockets {
  const endpoint = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    perMessageDeflate: false,
  })
  const heartbeat = startHeartbeat(endpoint)
  server.on('upgrade', (request, stream: Duplex, head) => {
    const refusal = refuseSocket(request, access, endpoint.clients.size)
    if (refusal) refuseUpgrade(stream, refusal)
    else
      endpoint.handleUpgrade(request, stream, head, (socket) => endpoint.emit('connection', socket, request))
  })
  endpoint.on('connection', (socket) => relay(socket, engine))
  const closeAll = (code: number, reason: string): void => {
    for (const socket of endpoint.clients) close(socket, code, reason)
  }
  return {
    closeAll,
    end: async () => {
      clearInterval(heartbeat)
      const gone = Promise.all(
        [...endpoint.clients].map((socket) => new Promise((resolve) => socket.once('close', resolve))),
      )
      closeAll(closeCodes.goingAway, 'The studio was closed.')
      const timer = setTimeout(() => {
        for (const socket of endpoint.clients) socket.terminate()
      }, closingMilliseconds)
      await gone
      clearTimeout(timer)
      endpoint.close()
    },
  }
}

function refuseSocket(request: IncomingMessage, access: Access, open: number): Refusal | null {
  const refusal = refuse(request, access)
  if (refusal) return refusal
  if (!access.isOwnOrigin(request, { withoutOrigin: false }))
    return { status: 403, message: 'Only pages of the studio have access.' }
  if (!access.hasCookie(request)) return { status: 401, message: 'The token of this launch is missing.' }
  if (parseTarget(request.url).pathname !== '/engine')
    return { status: 404, message: 'The engine is at /engine.' }
  if (open >= maxSockets) return { status: 503, message: `${maxSockets} windows are open already.` }
  return null
}

function refuseUpgrade(stream: Duplex, { status, message }: Refusal): void {
  stream.on('error', () => stream.destroy())
  stream.end(
    [
      `HTTP/1.1 ${status} Refused`,
      'Connection: close',
      'Content-Type: text/plain;charset=utf-8',
      `Content-Length: ${Buffer.byteLength(message)}`,
      '',
      message,
    ].join('\r\n'),
  )
}

/** Strings a socket to the engine until one of them ends. */
function relay(socket: WebSocket, engine: EngineAccess): void {
  // A broken connection or an oversized message also closes the socket.
  socket.on('error', () => undefined)
  const connection = engine.connect((data) => {
    // The browser connects again when it is ready to read, and asks for what it missed.
    if (socket.bufferedAmount > maxWaitingBytes) socket.terminate()
    else socket.send(data)
  })
  if ('failure' in connection) {
    close(socket, closeCodes.engineFailed, connection.failure)
    return
  }
  let waiting = 0
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary) {
      close(socket, closeCodes.notText, 'Messages are text.')
      return
    }
    // An engine that is busy reads later: until then the browser should wait rather than this process's memory fill.
    waiting += data.length
    if (waiting > pauseAboveBytes) socket.pause()
    void connection.send(data.toString()).then(() => {
      waiting -= data.length
      if (waiting <= pauseAboveBytes) socket.resume()
    })
  })
  socket.on('close', () => connection.close())
}

function close(socket: WebSocket, code: number, reason: string): void {
  const bytes = Buffer.from(reason)
  // The standard leaves 123 bytes; streaming, the decoder keeps back a character that is cut.
  const isLong = bytes.length > 123
  const beginning = () => new TextDecoder().decode(bytes.subarray(0, 120), { stream: true })
  socket.close(code, isLong ? `${beginning()}…` : reason)
}

/** Ends the sockets that didn't answer the last ping. */
function startHeartbeat(endpoint: WebSocketServer): NodeJS.Timeout {
  const silent = new WeakSet<WebSocket>()
  endpoint.on('connection', (socket) => socket.on('pong', () => silent.delete(socket)))
  return setInterval(() => {
    for (const socket of endpoint.clients) {
      if (silent.has(socket)) socket.terminate()
      else {
        silent.add(socket)
        socket.ping()
      }
    }
  }, heartbeatMilliseconds).unref()
}
