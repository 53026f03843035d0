import { fetch, type Headers, type Response } from 'undici'
import { CancelledError, SpellmError } from '../base/errors.ts'
import { environmentProxy } from './proxy.ts'
import { addressPath, nounOf, type Repository } from './repository.ts'
import { TransferFault } from './retry.ts'
import type { HubSettings } from './settings.ts'

/** Kind and id of the repository are for messages. */
export interface RequestOptions extends Repository {
  readonly settings: HubSettings
  readonly signal: AbortSignal
  /** Milliseconds without a byte after which a connection counts as dead. */
  readonly stallTimeout: number
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer of status 200 or 206. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** Throws TransferFault when the connection breaks or stalls, CancelledError when the signal fires. */
  readonly body: AsyncIterable<Uint8Array>
  /** Ends the connection. To be called also when the body isn't wanted. */
  close(): void
}

const maxRedirects = 10

/**
 * Gets `address`, through the environment's proxy, and follows redirects. The token goes to the origin of the
 * endpoint only.
 *
 * @throws TransferFault for what may go right the next time; SpellmError 'access-denied' | 'model-not-found' |
 *   'network-failed' for what won't; CancelledError
 */
export async function get(address: string, options: RequestOptions): Promise<Answer> {
  const { settings, signal, stallTimeout } = options
  const connection = new AbortController()
  const watch = createWatch(stallTimeout, () => connection.abort())
  const describe = (error: unknown): unknown => {
    if (signal.aborted) return new CancelledError()
    if (watch.isStalled())
      return new TransferFault(`no data received for ${stallTimeout / 1000} s`, { cause: error })
    return error instanceof Error && isNetworkError(error)
      ? new TransferFault(networkMessage(error), { cause: error })
      : error
  }
  const close = () => {
    watch.end()
    connection.abort()
  }
  const both = AbortSignal.any([signal, connection.signal])
  try {
    const response = await follow(address, settings, options.headers ?? {}, both)
    if (response.status !== 200 && response.status !== 206) throw refusal(response, options)
    const body = readBody(response, watch, close, describe)
    return { status: response.status, headers: response.headers, body, close }
  } catch (error) {
    const described = describe(error)
    close()
    throw described
  }
}

async function* readBody(
  response: Response,
  watch: Watch,
  close: () => void,
  describe: (error: unknown) => unknown,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = (response.body as ReadableStream<Uint8Array> | null)?.getReader()
  try {
    while (reader) {
      watch.start()
      const { value, done } = await reader.read().catch((error: unknown) => {
        throw describe(error)
      })
      // Whoever reads may take long over a piece, and that is no stall.
      watch.end()
      if (done) return
      yield value
    }
  } finally {
    close()
  }
}

async function follow(
  address: string,
  { endpoint, token }: HubSettings,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const home = new URL(endpoint)
  let url = new URL(address)
  for (let redirects = 0; redirects <= maxRedirects; redirects++) {
    const response = await fetch(url, {
      redirect: 'manual',
      dispatcher: environmentProxy(),
      signal,
      headers: {
        'user-agent': 'spellm-studio',
        // The listing's sizes and a resumed range are those of the file itself.
        'accept-encoding': 'identity',
        ...headers,
        ...(token !== null && url.origin === home.origin ? { authorization: `Bearer ${token}` } : {}),
      },
    })
    const target = response.headers.get('location')
    if (response.status < 300 || response.status >= 400 || target === null) return response
    await response.body?.cancel()
    if (!URL.canParse(target, url.href)) break
    url = new URL(target, url)
    if (url.protocol !== 'https:' && url.protocol !== home.protocol)
      throw new SpellmError(
        'network-failed',
        `${home.host} redirects to an address without encryption (${url.protocol}//${url.host}).`,
        'Check HF_ENDPOINT, or try from another network.',
      )
  }
  throw new TransferFault(`${home.host} redirects without end`)
}

/** What an answer that isn't the file means. */
function refusal(response: Response, { kind, id, settings }: RequestOptions): Error {
  const { status, headers } = response
  const code = headers.get('x-error-code')
  const page = `${settings.endpoint}/${addressPath({ kind, id })}`
  const noun = nounOf({ kind })
  const hasToken = settings.token !== null
  if (code === 'GatedRepo' || status === 403)
    return new SpellmError(
      'access-denied',
      `${id} is gated: ${hasToken ? "your token's account has no access to it" : 'it needs an access token'} (HTTP ${status}).`,
      `Ask for access at ${page}, then give a token of the same account, in the studio's settings or in HF_TOKEN.`,
    )
  if (status === 401)
    return hasToken
      ? new SpellmError(
          'access-denied',
          `The Hub refused the access token, or ${id} doesn't exist or is not open to you (HTTP 401).`,
          `Check that ${page} opens in a browser, and make a new token if this one has expired.`,
        )
      : new SpellmError(
          'access-denied',
          `There is no ${noun} ${id} that is open to everyone (HTTP 401).`,
          `Check the spelling at ${page}; a private ${noun} needs a token, in the studio's settings or in HF_TOKEN.`,
        )
  if (status === 404)
    return new SpellmError(
      'model-not-found',
      notFound[code ?? '']?.(id, noun) ??
        `The Hub has no ${noun} ${id}, or not this revision or file of it (HTTP 404).`,
      `Check id and revision at ${page}.`,
    )
  const retryAfter = retryAfterOf(headers)
  if (status === 429) return new TransferFault('the Hub asks for fewer requests (HTTP 429)', { retryAfter })
  if (status >= 500 || status === 408)
    return new TransferFault(`the Hub reports a server error (HTTP ${status})`, { retryAfter })
  return new SpellmError(
    'network-failed',
    `${new URL(settings.endpoint).host} answered HTTP ${status} when ${id} was asked for.`,
    'Check HF_ENDPOINT and the proxy, then start the download again: it resumes where it stopped.',
  )
}

const notFound: Readonly<Record<string, (id: string, noun: string) => string>> = {
  RepoNotFound: (id, noun) => `The Hub has no ${noun} ${id}.`,
  RevisionNotFound: (id) => `${id} has no such revision.`,
  EntryNotFound: (id) => `A file that ${id} lists is not there.`,
}

/** Milliseconds: of `Retry-After` (seconds or a date), or until the Hub's rate limit is reset (`t=` seconds). */
function retryAfterOf(headers: Headers): number | null {
  const value = headers.get('retry-after')
  if (value !== null) {
    const seconds = Number(value)
    const milliseconds = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(value) - Date.now()
    if (Number.isFinite(milliseconds)) return Math.max(0, milliseconds)
  }
  const reset = /;\s*t=(\d{1,9})/.exec(headers.get('ratelimit') ?? '')
  return reset ? Number(reset[1]) * 1000 : null
}

/** Fires once if it isn't ended in time. */
interface Watch {
  start(): void
  end(): void
  isStalled(): boolean
}

function createWatch(milliseconds: number, onStall: () => void): Watch {
  let timer: NodeJS.Timeout | undefined
  let stalled = false
  const end = () => clearTimeout(timer)
  const start = () => {
    end()
    timer = setTimeout(() => {
      stalled = true
      onStall()
    }, milliseconds)
  }
  start()
  return { start, end, isStalled: () => stalled }
}

/** What fetch throws when a connection fails: a TypeError whose cause says why. */
function isNetworkError(error: Error): boolean {
  return error instanceof TypeError && (error.message === 'fetch failed' || error.message === 'terminated')
}

const networkMessages: Readonly<Record<string, string>> = {
  ENOTFOUND: "the server's name is unknown",
  EAI_AGAIN: "the server's name can't be looked up",
  ECONNREFUSED: 'the server refuses connections',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
  UND_ERR_CONNECT_TIMEOUT: 'the server could not be reached in time',
}

function networkMessage({ cause }: Error): string {
  const { code, cause: deeper } = (cause ?? {}) as NodeJS.ErrnoException
  const refused = /^Proxy response \((\d+)\)/.exec(deeper instanceof Error ? deeper.message : '')
  if (refused) return `the proxy answered HTTP ${refused[1]!}`
  const known = networkMessages[code ?? '']
  if (known) return known
  return cause instanceof Error && cause.message ? `no connection (${cause.message})` : 'no connection'
}
