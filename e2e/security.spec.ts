import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from '@playwright/test'
import { strings } from '../src-renderer/strings/index.ts'
import { expectHeading } from './screens/navigation.ts'
import { expect, test } from './studio-test.ts'

/** Another site on this machine, which keeps what it is asked. */
interface ForeignSite {
  readonly url: string
  readonly requests: IncomingMessage[]
}

const it = test.extend<{ readonly foreignSite: ForeignSite }>({
  foreignSite: async ({ hostName: _ }, use) => {
    const requests: IncomingMessage[] = []
    const server = createServer((request, response) => {
      requests.push(request)
      response.setHeader('Content-Type', 'text/html')
      response.end('<!doctype html><title>Foreign</title><h1>Foreign</h1>')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    // By another name than the studio's, because sites don't differ by their ports.
    await use({ url: `http://localhost:${(server.address() as AddressInfo).port}/`, requests })
    server.closeAllConnections()
    server.close()
  },
})

/** Tries something as the page's own scripts could, and tells what the browser refuses by the page's policy. */
async function tryInPage(page: Page, attempt: string): Promise<string[]> {
  await page.evaluate((source) => {
    const refused: string[] = []
    Object.assign(window, { refused })
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) =>
      refused.push(effectiveDirective),
    )
    // The page has no right to compile this, but the debugger, which calls it, has.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- what is tried
    new Function(source)()
  }, attempt)
  const refused = () => page.evaluate(() => (window as unknown as { refused: string[] }).refused)
  await expect.poll(refused).not.toEqual([])
  return refused()
}

it.describe('the page', () => {
  it.use({ expectedErrors: /Content Security Policy|EvalError|ERR_BLOCKED_BY_CSP|Fetch API cannot load/ })

  const attempts = {
    'an inline script': [
      `const script = document.createElement('script')
       script.textContent = 'window.intruder = true'
       document.body.append(script)`,
      'script-src-elem',
    ],
    'an event handler in markup': [
      `document.body.insertAdjacentHTML('beforeend', '<button onclick="window.intruder = true"></button>')
       document.body.lastElementChild.click()`,
      'script-src-attr',
    ],
    'a script of another site': [
      `const script = document.createElement('script')
       script.src = FOREIGN
       document.body.append(script)`,
      'script-src-elem',
    ],
    'a request to another site': [`fetch(FOREIGN).catch(() => undefined)`, 'connect-src'],
    'an image of another site': [
      `const image = new Image()
       image.src = FOREIGN`,
      'img-src',
    ],
    'a frame of another site': [
      `const frame = document.createElement('iframe')
       frame.src = FOREIGN
       document.body.append(frame)`,
      'frame-src',
    ],
    'a form that is sent to another site': [
      `const form = document.createElement('form')
       form.action = FOREIGN
       document.body.append(form)
       form.submit()`,
      'form-action',
    ],
  } as const

  it('neither runs nor loads what is not its own', async ({ page, foreignSite }) => {
    for (const [what, [source, directive]] of Object.entries(attempts))
      await it.step(what, async () => {
        await page.reload()
        await expectHeading(page, strings.home.title)
        const attempt = source.replace('FOREIGN', JSON.stringify(foreignSite.url))
        expect.soft(await tryInPage(page, attempt), what).toEqual([directive])
        expect.soft(await page.evaluate(() => 'intruder' in window), what).toBe(false)
        expect.soft(foreignSite.requests, what).toEqual([])
      })
  })

  it('does not turn text into code', async ({ page }) => {
    await expectHeading(page, strings.home.title)
    // In a task of its own: what the debugger calls directly may compile.
    const failure = await page.evaluate(
      () =>
        new Promise<string>((resolve) =>
          setTimeout(() => {
            try {
              // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- what is tried
              resolve(String(new Function('return 1')()))
            } catch (error) {
              resolve((error as Error).name)
            }
          }, 0),
        ),
    )
    expect(failure).toBe('EvalError')
  })
})

it.describe('another site', () => {
  it('that is opened learns nothing, and has no hold on the studio', async ({
    page,
    studio,
    foreignSite,
  }) => {
    await expectHeading(page, strings.home.title)
    const opened = page.waitForEvent('popup', { timeout: 5_000 }).catch(() => null)
    const isReachable = await page.evaluate((url) => {
      const foreign = window.open(url)
      return foreign !== null && !foreign.closed
    }, foreignSite.url)
    const popup = await opened
    if (studio.url === null) {
      // The desktop app opens no window at all.
      expect(popup).toBeNull()
      expect(isReachable).toBe(false)
      return
    }
    await expect(popup!.getByRole('heading', { name: 'Foreign' })).toBeVisible()
    expect(await popup!.evaluate(() => window.opener === null)).toBe(true)
    const [request] = foreignSite.requests
    expect(request!.headers.cookie).toBeUndefined()
    expect(request!.headers.referer).toBeUndefined()
  })

  it('reaches neither the page nor the engine, and can’t frame the studio', async ({
    page,
    studio,
    foreignSite,
  }) => {
    it.skip(studio.url === null, 'The desktop app listens nowhere.')
    const { origin, host } = new URL(page.url())
    // In the same browser, which has the studio's cookie.
    const foreign = await page.context().newPage()
    await foreign.goto(foreignSite.url)
    const fetched = await foreign.evaluate(
      (url) =>
        fetch(url, { credentials: 'include' }).then(
          () => 'answered',
          () => 'refused',
        ),
      origin,
    )
    expect(fetched).toBe('refused')
    const connected = await foreign.evaluate(
      (url) =>
        new Promise<string>((resolve) => {
          const socket = new WebSocket(url)
          socket.addEventListener('open', () => resolve('open'))
          socket.addEventListener('error', () => resolve('refused'))
        }),
      `ws://${host}/engine`,
    )
    expect(connected).toBe('refused')
    await foreign.evaluate((url) => {
      const frame = document.createElement('iframe')
      frame.src = url
      document.body.append(frame)
    }, origin)
    await expect(foreign.frameLocator('iframe').getByText(strings.app.name)).toHaveCount(0)
  })
})

it('without the token of its launch, the address shows what is missing, and nothing else', async ({
  page,
  studio,
}) => {
  it.skip(studio.url === null, 'The desktop app has no address.')
  const stranger = await page.context().browser()!.newContext()
  const other = await stranger.newPage()
  const response = await other.goto(new URL(page.url()).origin)
  expect(response!.status()).toBe(401)
  await expect(other.locator('body')).toHaveText(/needs the token of this launch/)
  await stranger.close()
})
