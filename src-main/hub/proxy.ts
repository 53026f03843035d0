import { EnvHttpProxyAgent, type Dispatcher } from 'undici'
import { SpellmError } from '../base/errors.ts'

const agents = new Map<string, Dispatcher>()

/**
 * Opens connections through the proxy that HTTPS_PROXY or HTTP_PROXY names, in small letters too, unless NO_PROXY names
 * the host; without them directly. The same as long as the environment stays the same, since it keeps connections.
 *
 * @throws SpellmError 'setting-invalid' for what isn't the address of a proxy
 */
export function environmentProxy(environment: NodeJS.ProcessEnv = process.env): Dispatcher {
  const valueOf = (name: string) => environment[name.toLowerCase()] ?? environment[name]
  const [httpProxy, httpsProxy] = ['HTTP_PROXY', 'HTTPS_PROXY'].map((name) =>
    proxyAddress(name, valueOf(name)),
  )
  const noProxy = valueOf('NO_PROXY') ?? ''
  const key = JSON.stringify([httpProxy, httpsProxy, noProxy])
  const known = agents.get(key)
  if (known) return known
  const agent = new EnvHttpProxyAgent({
    // Empty, it would look at the environment again.
    ...(httpProxy ? { httpProxy } : {}),
    ...(httpsProxy ? { httpsProxy } : {}),
    noProxy,
  })
  agents.set(key, agent)
  return agent
}

/** May hold a password, which is not shown. */
function proxyAddress(name: string, value: string | undefined): string | null {
  if (!value) return null
  if (URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)) return value
  throw new SpellmError(
    'setting-invalid',
    `${name} is not the address of a proxy.`,
    'Set it to an address such as http://proxy.example:8080, or unset it.',
  )
}
