import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub'
import { z } from 'zod'
import { CancelledError, SpellmError } from '../base/errors.ts'
import { get, type RequestOptions } from './http.ts'
import { nounOf, type Repository } from './repository.ts'
import { TransferFault, withRetries, type RetryOptions } from './retry.ts'

/** A file of a repository at one commit, as the Hub lists it. */
export interface HubFile {
  /** Relative to the repository's root, with slashes. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  readonly hash: FileHash
}

/** `hex` is the file's etag, and so its name in the cache. */
interface FileHash {
  /** Large files are known by their contents' SHA-256, others by git's SHA-1 of a blob. */
  readonly kind: 'sha256' | 'git-sha1'
  readonly hex: string
}

export type HubConnection = Omit<RequestOptions, 'headers'> & Pick<RetryOptions, 'onNotice' | 'retryDelay'>

const maxAnswerBytes = 32 << 20
const maxFiles = 100_000
const maxPathLength = 1024

const sha1 = z.string().regex(/^[0-9a-f]{40}$/)
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
const fileSize = z.int().min(0)
const commitSchema = z.object({ sha: sha1 })
const entrySchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('file'),
    path: z.string().min(1).max(maxPathLength),
    size: fileSize,
    oid: sha1,
    lfs: z.object({ oid: sha256, size: fileSize }).optional(),
  }),
  z.object({ type: z.literal('directory') }),
])

/**
 * The commit that a revision stands for now, 40 hexadecimal digits.
 *
 * @throws SpellmError 'model-not-found' | 'access-denied' | 'network-failed'; CancelledError
 */
export async function resolveRevision(revision: string, connection: HubConnection): Promise<string> {
  const { kind, id, settings } = connection
  const asked = { name: id, revision, hubUrl: settings.endpoint, fetch: apiFetch(connection) }
  const { sha } = await checked(id, commitSchema, () =>
    kind === 'model'
      ? modelInfo({ ...asked, additionalFields: ['sha'] })
      : datasetInfo({ ...asked, additionalFields: ['sha'] }),
  )
  return sha
}

/**
 * The files in a folder of a repository at a commit, without those in folders below it.
 *
 * @param folder with slashes; '': the root
 * @throws SpellmError 'model-invalid' for a name that leads out of the folder, and as `resolveRevision`
 */
export async function listRepositoryFiles(
  commit: string,
  connection: HubConnection,
  folder = '',
): Promise<HubFile[]> {
  const { kind, id } = connection
  const entries = await checked(id, z.array(entrySchema), async () => {
    const listed: unknown[] = []
    const pages = listFiles({
      repo: { type: kind, name: id },
      revision: commit,
      ...(folder === '' ? {} : { path: folder }),
      hubUrl: connection.settings.endpoint,
      fetch: apiFetch(connection),
    })
    for await (const entry of pages)
      if (listed.push(entry) > maxFiles)
        throw new SpellmError(
          'model-unsupported',
          `${id} lists more than ${maxFiles} files.`,
          `Choose another ${nounOf(connection)}.`,
        )
    return listed
  })
  return entries
    .filter((entry) => entry.type === 'file')
    .map(({ path, size, oid, lfs }) => {
      requireInnerPath(connection, path)
      return {
        path,
        size: lfs?.size ?? size,
        hash: lfs ? { kind: 'sha256', hex: lfs.oid } : { kind: 'git-sha1', hex: oid },
      }
    })
}

/** A listing with one such name is not to be trusted, even where the file isn't needed. */
function requireInnerPath({ kind, id }: Repository, path: string): void {
  // Control characters and backslashes: no name may mislead a terminal, or be a path on Windows only.
  // eslint-disable-next-line no-control-regex
  const isInner = !/^\/|\\|^[a-z]:|[\x00-\x1f]/i.test(path) && !path.split('/').includes('..')
  if (!isInner)
    throw new SpellmError(
      'model-invalid',
      `${id} lists a file whose name leads out of its folder: ${JSON.stringify(path.slice(0, 100))}.`,
      `Do not use this ${nounOf({ kind })}.`,
    )
}

/** Calls the client and checks what it made of the answer, which it takes as it comes. */
async function checked<T>(id: string, schema: z.ZodType<T>, call: () => Promise<unknown>): Promise<T> {
  let value: unknown
  try {
    value = await call()
  } catch (error) {
    if (error instanceof SpellmError || error instanceof CancelledError) throw error
    throw notTheHub(id, error instanceof Error ? error.message : String(error), error)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  throw notTheHub(id, `${issue.path.join('.')}: ${issue.message}`)
}

function notTheHub(id: string, problem: string, cause?: unknown): SpellmError {
  return new SpellmError(
    'network-failed',
    `Unexpected response from the Hub for ${id} (${problem.slice(0, 200)}).`,
    'Check HF_ENDPOINT; a proxy or a sign-in page of the network may stand between.',
    { cause },
  )
}

/** `fetch` for the client: with the token, redirects, retries and limits of every other transfer. */
function apiFetch(connection: HubConnection): typeof fetch {
  return (input) => {
    const address = input instanceof Request ? input.url : input.toString()
    return withRetries(
      async () => {
        const { headers, body } = await get(address, {
          ...connection,
          headers: { accept: 'application/json' },
        })
        const text = await readText(body)
        const link = headers.get('link')
        return new Response(text, { headers: link === null ? {} : { link } })
      },
      { ...connection, what: connection.id },
    )
  }
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > maxAnswerBytes) throw new TransferFault(`its answer is longer than ${maxAnswerBytes} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
