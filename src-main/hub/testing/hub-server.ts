import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { posix } from 'node:path'

/** A file of a served model. Large ones are stored as on the Hub: by SHA-256, on another host. */
export interface ServedFile {
  readonly contents: Buffer
  readonly isLarge: boolean
}

/** How the answer to one request for a file goes wrong. */
export interface Trouble {
  /** The connection ends after so many bytes of the answer. */
  readonly cutAfter?: number
  /** No byte comes after so many, and the connection stays open. */
  readonly stallAfter?: number
  /** Content-Length says so, whatever comes. */
  readonly announce?: number
  /** So many bytes come after the file's end, without an announcement of the length. */
  readonly surplus?: number
  /** The first byte is another. */
  readonly isCorrupt?: boolean
  readonly ignoresRange?: boolean
  readonly isWebPage?: boolean
  readonly status?: number
  /** With `status`. */
  readonly headers?: Readonly<Record<string, string>>
  /** Goes elsewhere. */
  readonly redirect?: string
}

interface LoggedRequest {
  /** 'hub' is the endpoint's origin, 'cdn' the one where large files lie. */
  readonly origin: 'hub' | 'cdn'
  readonly path: string
  readonly range: string | undefined
  readonly authorization: string | undefined
}

/** A Hub with one model, and data sets, as far as a client needs one (source: the Hub's OpenAPI description and huggingface_hub). */
export interface HubServer {
  readonly endpoint: string
  readonly requests: readonly LoggedRequest[]
  /** Of the commit that the revision `main` stands for. */
  readonly files: Map<string, ServedFile>
  /** Data sets by id, the same at each commit; a branch stands for `datasetCommit`. */
  readonly datasets: Map<string, ReadonlyMap<string, ServedFile>>
  /** Moves `main` to a new commit, with these files in place of those of the same name. */
  push(commit: string, files: Readonly<Record<string, ServedFile>>): void
  /** If set, requests without this token are answered as for a gated model. */
  token: string | null
  /** Trouble for the next requests of a file, in order; 'api' is every request of the API. */
  trouble(file: string, ...troubles: Trouble[]): void
  /** Entries that the listing has besides the files. */
  readonly extraEntries: object[]
  /** Bytes of each piece of a file, and milliseconds between two. */
  pace: { readonly bytes: number; readonly milliseconds: number } | null
  close(): Promise<void>
}

/** The same for all requests. */
interface ServerState extends Pick<
  HubServer,
  'endpoint' | 'files' | 'datasets' | 'token' | 'extraEntries' | 'pace'
> {
  readonly commits: ReadonlyMap<string, ReadonlyMap<string, ServedFile>>
  readonly head: string
}

export const modelId = 'tester/model'
export const firstCommit = 'a1'.repeat(20)
export const datasetCommit = 'da'.repeat(20)
/** So that pages follow each other. */
const entriesPerPage = 5

/** Starts a Hub on two ports of 127.0.0.1. */
export async function startHub(files: Readonly<Record<string, ServedFile>> = {}): Promise<HubServer> {
  const requests: LoggedRequest[] = []
  const troubles = new Map<string, Trouble[]>()
  const take = (name: string) => troubles.get(name)?.shift()

  const serve = (origin: LoggedRequest['origin']) => (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host ?? ''}`)
    const { range, authorization } = request.headers
    requests.push({ origin, path: decodeURIComponent(url.pathname), range, authorization })
    if (origin === 'cdn') {
      const commit = url.searchParams.get('commit') ?? ''
      const name = url.searchParams.get('name') ?? ''
      const files = commits.get(commit) ?? hub.datasets.get(url.searchParams.get('id') ?? '')
      sendFile(hub, { request, response }, files!.get(name)!, take(name))
    } else if (url.pathname.startsWith('/api/')) serveApi(hub, url, { request, response }, take('api'))
    else serveFile(hub, url, { request, response }, cdnOrigin, take)
  }
  const hubServer = createServer(serve('hub'))
  const cdnServer = createServer(serve('cdn'))
  const endpoint = await listen(hubServer)
  const cdnOrigin = await listen(cdnServer)
  const commits = new Map([[firstCommit, new Map(Object.entries(files))]])
  let head = firstCommit
  const hub: HubServer & ServerState = {
    endpoint,
    requests,
    commits,
    get head() {
      return head
    },
    get files() {
      return commits.get(head)!
    },
    push: (commit, more) => {
      commits.set(commit, new Map([...commits.get(head)!, ...Object.entries(more)]))
      head = commit
    },
    datasets: new Map(),
    token: null,
    extraEntries: [],
    pace: null,
    trouble: (file, ...more) => troubles.set(file, [...(troubles.get(file) ?? []), ...more]),
    close: async () => {
      await Promise.all([hubServer, cdnServer].map(stop))
    },
  }
  return hub
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

function gitHash(contents: Buffer): string {
  return createHash('sha1').update(`blob ${contents.length}\0`).update(contents).digest('hex')
}

function sha256(contents: Buffer): string {
  return createHash('sha256').update(contents).digest('hex')
}

/** A file's name in the cache. */
export function etagOf({ contents, isLarge }: ServedFile): string {
  return isLarge ? sha256(contents) : gitHash(contents)
}

function refuse(response: ServerResponse, status: number, errorCode: string): void {
  response.writeHead(status, { 'x-error-code': errorCode, 'content-type': 'application/json' })
  response.end(JSON.stringify({ error: errorCode }))
}

function serveApi(
  hub: ServerState,
  url: URL,
  { request, response }: Exchange,
  trouble: Trouble | undefined,
): void {
  const { authorization } = request.headers
  if (trouble) {
    sendFile(hub, { request, response }, { contents: Buffer.from('[]'), isLarge: false }, trouble)
    return
  }
  const [, kind, id, view, rest = ''] =
    /^\/api\/(models|datasets)\/([^/]+\/[^/]+)\/(revision|tree)\/(.+)$/.exec(url.pathname) ?? []
  const dataset = kind === 'datasets' ? hub.datasets.get(id ?? '') : undefined
  if (id !== modelId && !dataset) {
    refuse(response, authorization === undefined ? 401 : 404, 'RepoNotFound')
    return
  }
  const [first = '', ...below] = rest.split('/')
  const asked = decodeURIComponent(view === 'tree' ? first : rest)
  const folder = view === 'tree' ? below.join('/') : ''
  const head = dataset ? datasetCommit : hub.head
  const commit = ['main', 'refs/pr/1'].includes(asked) ? head : asked
  const files = /^[0-9a-f]{40}$/.test(commit) ? (dataset ?? hub.commits.get(commit)) : undefined
  if (!files) {
    refuse(response, 404, 'RevisionNotFound')
    return
  }
  if (view === 'revision') {
    const card = { _id: '1', id, sha: commit, private: false, gated: false, likes: 0 }
    sendJson(response, { ...card, downloads: 0, lastModified: '2026-01-01T00:00:00.000Z' })
    return
  }
  const entries = [
    ...filesIn(files, folder).map(([path, { contents, isLarge }]) => ({
      type: 'file',
      path,
      // What the Hub lists for a large file is git's hash of the pointer to it.
      oid: isLarge
        ? gitHash(Buffer.from(`version https://git-lfs.github.com/spec/v1 ${path}`))
        : gitHash(contents),
      size: contents.length,
      ...(isLarge
        ? { lfs: { oid: sha256(contents), size: contents.length, pointerSize: 134 }, xetHash: 'e'.repeat(64) }
        : {}),
    })),
    { type: 'directory', path: 'onnx', oid: 'd'.repeat(40), size: 0 },
    ...hub.extraEntries,
  ]
  const start = Number(url.searchParams.get('cursor') ?? 0)
  const next = start + entriesPerPage
  if (next < entries.length) {
    url.searchParams.set('cursor', `${next}`)
    response.setHeader('link', `<${hub.endpoint}${url.pathname}${url.search}>; rel="next"`)
  }
  sendJson(response, entries.slice(start, next))
}

/** Those that lie in a folder itself. A model's files all lie in its root, also where their names have slashes. */
function filesIn(files: ReadonlyMap<string, ServedFile>, folder: string): [string, ServedFile][] {
  return [...files].filter(([path]) => folder === '' || posix.dirname(path) === folder)
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json; charset=utf-8')
  response.end(JSON.stringify(value))
}

function serveFile(
  hub: ServerState,
  url: URL,
  { request, response }: Exchange,
  cdnOrigin: string,
  take: (name: string) => Trouble | undefined,
): void {
  const [, datasets, id, commit, name] =
    /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(decodeURIComponent(url.pathname)) ?? []
  const { authorization } = request.headers
  const ofModel = id === modelId ? hub.commits.get(commit ?? '') : undefined
  const ofDataset = hub.datasets.get(id ?? '')
  const file = (datasets === undefined ? ofModel : ofDataset)?.get(name ?? '')
  if (commit === undefined || name === undefined || !file) {
    refuse(response, 404, 'EntryNotFound')
    return
  }
  if (hub.token !== null && authorization !== `Bearer ${hub.token}`) {
    refuse(response, authorization === undefined ? 401 : 403, 'GatedRepo')
    return
  }
  response.setHeader('x-repo-commit', commit)
  response.setHeader('etag', `"${file.isLarge ? 'pointer' : etagOf(file)}"`)
  if (!file.isLarge) {
    sendFile(hub, { request, response }, file, take(name))
    return
  }
  response.setHeader('x-linked-etag', `"${etagOf(file)}"`)
  response.setHeader('x-linked-size', file.contents.length)
  const blob = new URLSearchParams({ id: id ?? '', commit, name })
  response.writeHead(302, { location: `${cdnOrigin}/blob?${blob.toString()}` })
  response.end()
}

/** A request, and its answer. */
interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

function sendFile(
  hub: ServerState,
  { request, response }: Exchange,
  { contents }: ServedFile,
  trouble: Trouble = {},
): void {
  const range = request.headers.range
  const { cutAfter, stallAfter, announce, surplus, isCorrupt, ignoresRange, isWebPage, status, redirect } =
    trouble
  if (status !== undefined) {
    response.writeHead(status, trouble.headers)
    response.end('trouble')
    return
  }
  if (redirect !== undefined) {
    response.writeHead(302, { location: redirect })
    response.end()
    return
  }
  if (isWebPage) {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
    response.end('<!doctype html><title>Sign in to the network</title>')
    return
  }
  const start = ignoresRange ? 0 : Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
  let body = contents.subarray(start)
  if (isCorrupt) {
    body = Buffer.from(body)
    body[0]! ^= 1
  }
  if (surplus !== undefined) body = Buffer.concat([body, Buffer.alloc(surplus, 'x')])
  else response.setHeader('content-length', announce ?? body.length)
  response.setHeader('accept-ranges', 'bytes')
  if (start > 0)
    response.writeHead(206, { 'content-range': `bytes ${start}-${contents.length - 1}/${contents.length}` })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  if (cutAfter !== undefined) {
    // What was written must leave before the connection goes.
    response.write(body.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 20))
    return
  }
  if (stallAfter !== undefined) {
    response.flushHeaders()
    response.write(body.subarray(0, stallAfter))
    return
  }
  if (hub.pace === null) {
    response.end(body)
    return
  }
  const { bytes, milliseconds } = hub.pace
  let sent = 0
  const timer = setInterval(() => {
    response.write(body.subarray(sent, sent + bytes))
    sent += bytes
    if (sent < body.length) return
    clearInterval(timer)
    response.end()
  }, milliseconds)
  response.on('close', () => clearInterval(timer))
}
