import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { spellm } from '../engine/testing/cli.ts'

const canRestart = process.platform === 'linux' && 'execve' in process
if (!canRestart)
  console.log('skipped: the command line with huge pages (needs Linux and Node.js 22.15 or later)')

it.runIf(canRestart)('the command line asks for huge pages, in the process that was started', async () => {
  const args = ['generate', 'sample', '--prompt', 'Once', '--max-tokens', '10000']
  const child = spawn(process.execPath, ['--import', 'tsx', join(import.meta.dirname, 'main.ts'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await vi.waitFor(
    async () =>
      expect(await readFile(`/proc/${child.pid!}/environ`, 'utf8')).toContain('glibc.malloc.hugetlb=1'),
    { timeout: 10_000 },
  )
  const [text] = (await once(child.stdout, 'data')) as [Buffer]
  expect(text.toString()).toContain('Once')
  child.kill()
  await once(child, 'close')
})

it('the version is the package’s', async () => {
  expect(await spellm(['--version'])).toMatchObject({ code: 0, stdout: `${packageJson.version}\n` })
})
