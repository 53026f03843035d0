import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, onTestFinished, test } from 'vitest'

const program = join(import.meta.dirname, '../../dist/src-main/web/main.js')

beforeAll(() => {
  if (!existsSync(program)) throw new Error("The studio isn't built: run 'npm run setup' first.")
})

interface Started {
  readonly child: ChildProcess
  readonly output: () => string
  /** Resolves when the output holds a text. */
  readonly hasSaid: (text: string) => Promise<void>
}

async function start(...args: string[]): Promise<Started> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'spellm-main-'))
  const child = spawn(process.execPath, [program, '--data', dataFolder, ...args], { env: withoutColors() })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await rm(dataFolder, { recursive: true, force: true })
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (block) => (output += String(block)))
  const hasSaid = async (text: string) => {
    while (!output.includes(text))
      await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data')])
  }
  return { child, output: () => output, hasSaid }
}

function withoutColors(): NodeJS.ProcessEnv {
  return { ...process.env, NO_COLOR: '1' }
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'close')) as [number | null]
  return code
}

test.runIf(process.platform !== 'win32').each(['SIGINT', 'SIGTERM'] as const)(
  '%s closes the studio and the engine in peace (not on Windows, which has no signals)',
  async (signal) => {
    const { child, output, hasSaid } = await start()
    await hasSaid('/open?token=')
    const exit = exitOf(child)
    child.kill(signal)
    expect(await exit).toBe(0)
    expect(output()).toContain('the engine saves its work')
  },
)

test.runIf(process.platform === 'linux')('a second signal ends both at once (needs /proc)', async () => {
  const { child, hasSaid } = await start()
  await hasSaid('/open?token=')
  const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
  const engine = Number(children.trim().split(' ')[0])
  // An engine that takes forever to save.
  process.kill(engine, 'SIGSTOP')
  const exit = exitOf(child)
  child.kill('SIGINT')
  await hasSaid('the engine saves its work')
  // A signal close to the first one is taken for its echo, so it is repeated until one counts.
  const again = setInterval(() => child.kill('SIGINT'), 100)
  onTestFinished(() => clearInterval(again))
  expect(await exit).toBe(130)
  const status = await readFile(`/proc/${engine}/status`, 'utf8').catch(() => 'State: gone')
  expect(status).toMatch(/State:\s+(gone|Z)/)
})

test.each([
  [['--host', '0.0.0.0'], '--allow-remote'],
  [['--allow-remote'], '--host is missing'],
  [['--port', '70000'], 'from 0 to 65535'],
  [['--port', '1e3'], 'from 0 to 65535'],
  [['--what'], "unknown option '--what'"],
])('%j is refused in words', async (args, words) => {
  const { child, output } = await start(...args)
  expect(await exitOf(child)).toBe(1)
  expect(output()).toContain(words)
  expect(output()).not.toMatch(/^\s+at /m)
})
