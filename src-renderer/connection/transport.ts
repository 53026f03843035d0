import type { ClientContext, ClientLink } from '@orpc/client'
import { RPCLink as MessagePortLink } from '@orpc/client/message-port'
import { RPCLink as WebSocketLink } from '@orpc/client/websocket'
import type { DesktopHost } from '../../src-main/contract/host.ts'

declare global {
  interface Window {
    /** There under the desktop host only. */
    readonly studioHost?: DesktopHost
  }
}

export type EngineLink = ClientLink<ClientContext>

/** What a transport tells of its connection. */
export interface ConnectionListener {
  /** A new link to a living engine. */
  opened(link: EngineLink): void
  /** The link is dead; another one will come. */
  lost(): void
  /** No further link will come: `reason` is for people. */
  failed(reason: string): void
}

/** Close codes of the browser host beyond those of the standard. */
const engineFailedCode = 4001

const firstRetryMilliseconds = 300
const lastRetryMilliseconds = 5_000

/** Connects to the engine in the way of the host that this page runs in, for as long as the page lives. */
export function connect(listener: ConnectionListener): void {
  if (window.studioHost) listenForPorts(listener)
  else openSocket(listener, firstRetryMilliseconds)
}

/** The desktop host sends a port at the start and after each restart of the engine. */
function listenForPorts(listener: ConnectionListener): void {
  window.addEventListener('message', (event) => {
    const [port] = event.ports
    if (event.source !== window || event.data !== 'spellm-engine-port' || !port) return
    listener.lost()
    port.start()
    listener.opened(new MessagePortLink({ port }))
  })
  window.postMessage('spellm-request-engine-port', window.location.origin)
}

function openSocket(listener: ConnectionListener, retryAfter: number): void {
  const address = new URL('engine', window.location.href)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  address.hash = ''
  address.search = ''
  const websocket = new WebSocket(address)
  let wait = retryAfter
  websocket.addEventListener('open', () => {
    wait = firstRetryMilliseconds
    listener.opened(new WebSocketLink({ websocket: tolerant(websocket) }))
  })
  websocket.addEventListener('close', ({ code, reason }) => {
    if (code === engineFailedCode) {
      listener.failed(reason)
      return
    }
    listener.lost()
    setTimeout(() => openSocket(listener, Math.min(2 * wait, lastRetryMilliseconds)), wait)
  })
}

/**
 * A socket that takes what is said after its end, such as that a call isn't wanted any more: oRPC says it where
 * nobody can catch an error, and ends all calls of a closed socket anyway.
 */
function tolerant(websocket: WebSocket): ConstructorParameters<typeof WebSocketLink>[0]['websocket'] {
  return {
    readyState: WebSocket.OPEN,
    send: (data) => {
      if (websocket.readyState === WebSocket.OPEN) websocket.send(data)
    },
    addEventListener: websocket.addEventListener.bind(websocket),
    removeEventListener: websocket.removeEventListener.bind(websocket),
  }
}
