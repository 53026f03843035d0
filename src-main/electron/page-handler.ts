import { readdir, readFile } from 'node:fs/promises'
import { extname, join, relative, sep } from 'node:path'
import { pageHeaders } from '../contract/page-policy.ts'

const contentTypes: Record<string, string> = {
  '.html': 'text/html;charset=utf-8',
  '.js': 'text/javascript;charset=utf-8',
  '.css': 'text/css;charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

/**
 * Answers the requests of the studio's scheme with the files that are in the built renderer's folder now, and
 * with nothing else: what isn't in the list doesn't exist.
 */
export async function createPageHandler(
  rendererFolder: string,
): Promise<(request: Request) => Promise<Response>> {
  const entries = await readdir(rendererFolder, { recursive: true, withFileTypes: true })
  const files = new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [`/${relative(rendererFolder, path).split(sep).join('/')}`, path]),
  )
  files.set('/', join(rendererFolder, 'index.html'))
  return async ({ method, url }) => {
    const { host, pathname } = new URL(url)
    const path = files.get(pathname)
    const headers = new Headers(pageHeaders([]))
    if (method !== 'GET') return new Response(null, { status: 405, headers })
    if (host !== 'studio' || path === undefined) return new Response(null, { status: 404, headers })
    headers.set('Content-Type', contentTypes[extname(path)] ?? 'application/octet-stream')
    return new Response(await readFile(path), { headers })
  }
}
