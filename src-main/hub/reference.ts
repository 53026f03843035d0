import { SpellmError } from '../base/errors.ts'

/** A model on the Hub. */
export interface ModelReference {
  /** `owner/name`. */
  readonly id: string
  /** A branch, a tag, a pull request (`refs/pr/1`) or a commit of 40 hexadecimal digits. */
  readonly revision: string
}

const defaultRevision = 'main'
const hubHosts = new Set(['huggingface.co', 'www.huggingface.co', 'hf.co'])

/** An owner or a name (source: `validate_repo_id` of huggingface_hub). */
const idPart = /^(?!.*(--|\.\.))[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?$/
/** Device names can't be folders on Windows, where a revision is a path below `refs`. */
const revisionPart = /^(?!(con|prn|aux|nul|com\d|lpt\d)(\.|$))(?!.*\.\.)[A-Za-z0-9_](?:[\w.+-]*[\w+-])?$/i
const maxRevisionLength = 200

/**
 * Reads `owner/name`, `owner/name@revision` or `https://huggingface.co/owner/name[/tree/revision]`, also with the
 * host of `endpoint`.
 *
 * @throws SpellmError 'setting-invalid'
 */
export function parseModelReference(text: string, endpoint?: string): ModelReference {
  const shown = text.slice(0, 200)
  const { id, revision } = /^https?:/i.test(text) ? splitAddress(text, endpoint) : splitId(text)
  const parts = id.split('/')
  if (parts.length !== 2 || !parts.every((part) => idPart.test(part)) || /\.git$/i.test(id))
    throw invalid(`'${shown}' is not the id of a model on the Hub: it must be owner/name.`)
  if (revision.length > maxRevisionLength || !revision.split('/').every((part) => revisionPart.test(part)))
    throw invalid(
      `'${shown}' names no revision: it must be a branch, a tag or a commit, of letters, digits and . _ - + /.`,
    )
  return { id, revision }
}

/** `reference` with another revision. Throws SpellmError 'setting-invalid'. */
export function withRevision({ id }: ModelReference, revision: string): ModelReference {
  return parseModelReference(`${id}@${revision}`)
}

/** Whether a text that a person gave for a model has the form of a Hub reference; `a/b` may be a path as well. */
export function isModelReference(text: string, endpoint?: string): boolean {
  try {
    parseModelReference(text, endpoint)
    return true
  } catch (error) {
    if (error instanceof SpellmError) return false
    throw error
  }
}

/** `owner/name`, with `@revision` where it isn't the default. */
export function formatModelReference({ id, revision }: ModelReference): string {
  return revision === defaultRevision ? id : `${id}@${revision}`
}

function splitId(text: string): ModelReference {
  const at = text.indexOf('@')
  return at < 0
    ? { id: text, revision: defaultRevision }
    : { id: text.slice(0, at), revision: text.slice(at + 1) }
}

function splitAddress(text: string, endpoint: string | undefined): ModelReference {
  const url = URL.canParse(text) ? new URL(text) : null
  const mirror = endpoint === undefined ? null : new URL(endpoint)
  if (!url || !(hubHosts.has(url.host) || url.host === mirror?.host))
    throw invalid(`'${text.slice(0, 200)}' is not an address on the Hub.`)
  const prefix = url.host === mirror?.host ? mirror.pathname.replace(/\/+$/, '') : ''
  const path = url.pathname.startsWith(`${prefix}/`) ? url.pathname.slice(prefix.length) : url.pathname
  const [owner = '', name = '', view, ...rest] = path.split('/').slice(1).map(decode)
  if (view !== undefined && view !== '' && (view !== 'tree' || rest.length === 0))
    throw invalid(
      `'${text.slice(0, 200)}' is not the page of a model: https://huggingface.co/owner/name is expected, or …/tree/revision.`,
    )
  const revision = rest.join('/').replace(/\/+$/, '')
  return { id: `${owner}/${name}`, revision: revision || defaultRevision }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // A stray percent sign: it is refused as what it is, by the form of ids and revisions.
    return part
  }
}

function invalid(message: string): SpellmError {
  return new SpellmError(
    'setting-invalid',
    message,
    "Give the model as on its page, such as 'HuggingFaceTB/SmolLM2-135M', with '@' and a revision if need be.",
  )
}
