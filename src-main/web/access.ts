import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'

/*
 * Who may talk to the browser host.
 *
 * Each launch draws a token. The printed address carries it once: the host answers with a cookie that scripts
 * can't read and that other sites can't make the browser send (HttpOnly, SameSite=Strict), so that every
 * request and the WebSocket's upgrade can be checked, and the token stays out of the address bar, of bookmarks
 * and of the page. A token in the address's fragment would be held by the page's scripts, stay in the
 * history, and leave the files of the page open to all. What a cookie can't do is tell ports apart: another
 * server on this machine sees it if the browser is sent there; hence it ends with the launch, and is good for
 * nothing else.
 */

/** The path of the printed address. */
export const entrancePath = '/open'

export interface Access {
  /** The token of the printed address; 256 random bits. */
  readonly token: string
  /** The value of `Set-Cookie` for those who came with the token. */
  readonly cookie: string
  /** The request names one of this host's own addresses; a rebound DNS name doesn't. */
  isOwnHost(request: IncomingMessage): boolean
  /** The request comes from a page of this host, or from no page at all if that is allowed. */
  isOwnOrigin(request: IncomingMessage, allowed: { readonly withoutOrigin: boolean }): boolean
  /** The printed address was opened. */
  hasToken(request: IncomingMessage): boolean
  hasCookie(request: IncomingMessage): boolean
}

/** Draws the token of a launch for a server that listens on `address` and `port`. */
export function createAccess(address: string, port: number): Access {
  const token = randomBytes(32).toString('base64url')
  // Cookies don't tell ports apart, and two studios must not push each other out.
  const cookieName = `spellm-studio-${port}`
  const hosts = new Set(ownHosts(address, port))
  return {
    token,
    cookie: `${cookieName}=${token}; Path=/; HttpOnly; SameSite=Strict`,
    isOwnHost: ({ headers }) => hosts.has(headers.host?.toLowerCase() ?? ''),
    isOwnOrigin: ({ headers }, { withoutOrigin }) =>
      headers.origin === undefined ? withoutOrigin : headers.origin === `http://${headers.host ?? ''}`,
    hasToken: ({ url }) => {
      const { pathname, searchParams } = parseTarget(url)
      return pathname === entrancePath && isSame(searchParams.get('token') ?? '', token)
    },
    hasCookie: ({ headers }) =>
      (headers.cookie ?? '')
        .split(';')
        .map((pair) => pair.trim())
        .some(
          (pair) => pair.startsWith(`${cookieName}=`) && isSame(pair.slice(cookieName.length + 1), token),
        ),
  }
}

/** Path and query of a request's target, which need not be a valid URL. */
export function parseTarget(target: string | undefined): {
  readonly pathname: string
  readonly searchParams: URLSearchParams
} {
  const [pathname = '', ...query] = (target ?? '').split('?')
  return { pathname, searchParams: new URLSearchParams(query.join('?')) }
}

/** The addresses that a browser may name, with the port as it writes it. */
export function ownHosts(address: string, port: number): string[] {
  const names = ['127.0.0.1', 'localhost', '[::1]', ...(isWildcard(address) ? ownAddresses() : [address])]
  return [...new Set(names.map((name) => hostAndPort(name, port)))]
}

/** Where the printed address leads: for a wildcard, to each address of this machine. */
export function printedHosts(address: string, port: number): string[] {
  return (isWildcard(address) ? ownAddresses() : [address]).map((name) => hostAndPort(name, port))
}

function hostAndPort(name: string, port: number): string {
  const host = isIPv6(name) ? `[${name}]` : name.toLowerCase()
  return port === 80 ? host : `${host}:${port}`
}

const isWildcard = (address: string) => ['0.0.0.0', '::'].includes(address)

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ scopeid }) => !scopeid)
    .map(({ address }) => address)
}

/** Takes the same time for every wrong value. */
function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}
