import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createPageHandler } from './page-handler.ts'

async function handler() {
  const folder = await mkdtemp(join(tmpdir(), 'spellm-page-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'renderer', 'assets'), { recursive: true })
  await writeFile(join(folder, 'renderer', 'index.html'), 'the page')
  await writeFile(join(folder, 'renderer', 'assets', 'main.js'), 'start()')
  await writeFile(join(folder, 'secret.txt'), 'secret')
  const handle = await createPageHandler(join(folder, 'renderer'))
  return (url: string, method = 'GET') => handle(new Request(url, { method }))
}

test('the page and its files are answered with their type', async () => {
  const get = await handler()
  const page = await get('app://studio/#/new')
  expect(await page.text()).toBe('the page')
  expect(page.headers.get('content-type')).toBe('text/html;charset=utf-8')
  const script = await get('app://studio/assets/main.js')
  expect(await script.text()).toBe('start()')
  expect(script.headers.get('content-type')).toBe('text/javascript;charset=utf-8')
})

test('scripts run only from the files of the page', async () => {
  const get = await handler()
  for (const url of ['app://studio/', 'app://studio/nothing']) {
    const policy = (await get(url)).headers.get('content-security-policy')!.split('; ')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).toContain("connect-src 'self'")
    expect(policy).toContain("frame-ancestors 'none'")
  }
})

test.each([
  'app://studio/../secret.txt',
  'app://studio/%2e%2e/secret.txt',
  'app://studio/..%2fsecret.txt',
  'app://studio/assets/..%5c..%5csecret.txt',
  'app://studio//etc/passwd',
  'app://studio/assets',
  'app://other/index.html',
])('%s does not exist', async (url) => {
  const get = await handler()
  const answer = await get(url)
  expect(answer.status).toBe(404)
  expect(await answer.text()).toBe('')
})

test('nothing but GET is answered', async () => {
  const get = await handler()
  expect((await get('app://studio/', 'POST')).status).toBe(405)
})
