import { appendFile, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openRunLog, readRunLog } from './run-log.ts'

let scratch = ''
let count = 0
beforeAll(async () => (scratch = await mkdtemp(join(tmpdir(), 'spellm-log-'))))
afterAll(() => rm(scratch, { recursive: true, force: true }))

async function runFolder(): Promise<string> {
  const folder = join(scratch, String(count++))
  await mkdir(folder)
  await writeFile(join(folder, 'run.json'), '{}')
  return folder
}

it('keeps its lines, each later than the one before', async () => {
  const folder = await runFolder()
  const log = await openRunLog(folder)
  const added = [log.add('info', 'one'), log.add('warning', 'two'), log.add('error', 'three')]
  expect(await readRunLog(folder)).toEqual(added)
  const times = added.map(({ at }) => at)
  expect(new Set(times).size).toBe(3)
  expect(times).toEqual([...times].sort())
  expect((await openRunLog(folder)).lines).toEqual(added)
})

it('waits with its first lines until there is a run', async () => {
  const folder = join(scratch, 'later')
  const log = await openRunLog(folder)
  const early = log.add('info', 'early')
  await expect(stat(folder)).rejects.toThrow('ENOENT')
  await mkdir(folder)
  log.add('info', 'still early')
  expect(await readRunLog(folder)).toEqual([])
  await writeFile(join(folder, 'run.json'), '{}')
  log.add('info', 'now')
  expect((await readRunLog(folder)).map(({ message }) => message)).toEqual(['early', 'still early', 'now'])
  expect((await readRunLog(folder))[0]).toEqual(early)
})

it('passes over what can not be read', async () => {
  const folder = await runFolder()
  const log = await openRunLog(folder)
  const first = log.add('info', 'first')
  await appendFile(join(folder, 'log.jsonl'), '{"at":7}\nnonsense\n')
  const last = log.add('info', 'last')
  await appendFile(join(folder, 'log.jsonl'), '{"at":"2026')
  expect(await readRunLog(folder)).toEqual([first, last])
})

it('stays bounded: in lines, in the length of a line, and on disk', async () => {
  const folder = await runFolder()
  const log = await openRunLog(folder)
  for (let i = 0; i < 1_010; i++) log.add('info', `${i} ${'x'.repeat(5_000)}`)
  expect(log.lines).toHaveLength(1_000)
  expect(log.lines[0]!.message).toMatch(/^10 /)
  expect(log.lines.every(({ message }) => message.length <= 2_000)).toBe(true)
  const line = `${JSON.stringify({ at: '2026-01-02T03:04:05.000Z', level: 'info', message: 'y'.repeat(900) })}\n`
  await appendFile(join(folder, 'log.jsonl'), line.repeat(3_000))
  expect((await openRunLog(folder)).lines).toHaveLength(1_000)
  const { size } = await stat(join(folder, 'log.jsonl'))
  expect(size).toBeLessThan(1.1 * 1_000 * line.length)
  expect((await readFile(join(folder, 'log.jsonl'), 'utf8')).split('\n')).toHaveLength(1_001)
})
