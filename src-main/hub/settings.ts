import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { describeSystemError, SpellmError } from '../base/errors.ts'

/** Where models come from and where they are kept. */
export interface HubLocation {
  /** The Hub or a mirror of it, without a slash at the end. */
  readonly endpoint: string
  /** The cache that is shared with other tools; it need not exist. */
  readonly cacheFolder: string
}

/** What the environment says about the Hub, as `huggingface_hub` reads it. */
export interface HubSettings extends HubLocation {
  /** An access token, sent to the endpoint's origin only; null: none. */
  readonly token: string | null
  /** Nothing may be asked of the network. */
  readonly offline: boolean
}

const defaultEndpoint = 'https://huggingface.co'
const maxTokenFileBytes = 4096

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HF_TOKEN, HF_TOKEN_PATH and HF_HUB_OFFLINE (source:
 * huggingface_hub/constants.py).
 *
 * @param tokenFile holds the access token, in place of the one of the environment
 * @throws SpellmError 'setting-invalid' | 'file-not-found' | 'permission-denied' (the token's file)
 */
export async function readHubSettings(
  environment: Environment = process.env,
  tokenFile?: string,
): Promise<HubSettings> {
  return {
    ...readHubLocation(environment),
    token: await readToken(environment, tokenFile),
    offline: isTrue(environment['HF_HUB_OFFLINE'] || environment['TRANSFORMERS_OFFLINE']),
  }
}

/** The part of the settings that needs no file. Throws SpellmError 'setting-invalid'. */
export function readHubLocation(environment: Environment = process.env): HubLocation {
  const cache = environment['HF_HUB_CACHE'] || environment['HUGGINGFACE_HUB_CACHE']
  return {
    endpoint: parseEndpoint(environment['HF_ENDPOINT'] || defaultEndpoint),
    cacheFolder: cache ? userPath(cache) : join(homeOf(environment), 'hub'),
  }
}

function homeOf(environment: Environment): string {
  const home = environment['HF_HOME']
  return home ? userPath(home) : join(userPath(environment['XDG_CACHE_HOME'] || '~/.cache'), 'huggingface')
}

function userPath(path: string): string {
  return resolve(path.replace(/^~(?=$|[\\/])/, homedir))
}

function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 'ON', 'YES', 'TRUE'].includes(value.toUpperCase())
}

function parseEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash)
    throw new SpellmError(
      'setting-invalid',
      `HF_ENDPOINT is not the address of a Hub: ${url?.password ? 'it holds a password' : `'${text.slice(0, 200)}'`}.`,
      `Set it to an address such as ${defaultEndpoint}, or unset it.`,
    )
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

async function readToken(environment: Environment, tokenFile: string | undefined): Promise<string | null> {
  if (tokenFile !== undefined) return checkToken(await readTokenFile(tokenFile), tokenFile)
  const fromEnvironment = environment['HF_TOKEN'] || environment['HUGGING_FACE_HUB_TOKEN']
  if (fromEnvironment) return checkToken(fromEnvironment, 'HF_TOKEN')
  const shared = userPath(environment['HF_TOKEN_PATH'] || join(homeOf(environment), 'token'))
  const text = await readTokenFile(shared).catch((error: unknown) => {
    if (error instanceof SpellmError && error.code === 'file-not-found') return ''
    throw error
  })
  return text.trim() === '' ? null : checkToken(text, shared)
}

async function readTokenFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw describeSystemError(error, path)
  }
}

/** What comes from `source` goes into a header; it must never be shown. */
function checkToken(text: string, source: string): string {
  const token = text.trim()
  if (token.length > maxTokenFileBytes || !/^[\x21-\x7e]+$/.test(token))
    throw new SpellmError(
      'setting-invalid',
      `${source} doesn't hold an access token.`,
      'Put a token there as the Hub shows it: one word that begins with hf_.',
    )
  return token
}
