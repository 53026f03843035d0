import type { Privileges } from 'electron'

/*
 * Where a page may go. The studio is one page with a scheme of its own; everything else opens in the system's
 * browser, if it is known, or not at all.
 */

/** The scheme of the studio's page. */
export const studioScheme = 'app'
/** Where the page is. */
export const studioUrl = `${studioScheme}://studio/`

/** What the scheme is to Chromium: as good as https, but without its network. */
export const schemePrivileges: Privileges = {
  standard: true,
  secure: true,
  supportFetchAPI: true,
  codeCache: true,
}

/** The paper, for the help menu. */
export const paperUrl = 'https://arxiv.org/abs/2507.16323'

const externalHosts = new Set(['arxiv.org', 'github.com', 'huggingface.co'])

/** Whether an address is the studio's page itself, wherever in it. */
export function isStudioPage(address: string): boolean {
  const url = parse(address)
  return url !== null && url.protocol === `${studioScheme}:` && url.host === 'studio' && url.pathname === '/'
}

/** Whether an address may be opened in the system's browser. */
export function isExternalLink(address: string): boolean {
  const url = parse(address)
  return (
    url !== null &&
    url.protocol === 'https:' &&
    externalHosts.has(url.host) &&
    url.username === '' &&
    url.password === ''
  )
}

function parse(address: string): URL | null {
  return URL.canParse(address) ? new URL(address) : null
}
