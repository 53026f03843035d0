import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { BenchmarkEvent, BenchmarkRequest } from '../../contract/index.ts'
import { engineErrorOf } from '../testing/client.ts'
import { openEngine, type OpenEngine } from '../testing/open-engine.ts'

let scratch = ''
let opened: OpenEngine

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-benchmarks-'))
  opened = await openEngine({ dataFolder: scratch })
})
afterAll(async () => {
  await opened.close()
  await rm(scratch, { recursive: true, force: true })
})

const request: BenchmarkRequest = {
  source: { kind: 'model', reference: 'sample' },
  modes: ['trie', 'gated'],
  precision: null,
  contexts: [64, 16],
  steps: 5,
}

async function collected(sent: BenchmarkRequest): Promise<BenchmarkEvent[]> {
  const events: BenchmarkEvent[] = []
  for await (const event of await opened.client.benchmark.run(sent)) events.push(event)
  return events
}

it('tells of progress, then of the costs at each context, ascending', async () => {
  const events = await collected(request)
  expect(events[0]).toEqual({ type: 'progress', stage: 'opening', done: 0, total: 0 })
  const end = events.at(-1)!
  if (end.type !== 'end') throw new Error('there is no result')
  expect(end.result).toMatchObject({ isTrained: false, gateShare: 0.05, text: null })
  expect(end.result.contexts.map(({ context }) => context)).toEqual([16, 64])
  expect(end.result.contexts[0]!.modes.map(({ mode }) => mode)).toEqual(['base', 'gated', 'trie'])
  expect(end.markdown).toMatch(/^## Sample model\n[^]*\n\| gated \(5\.0 %\) \| 64 \|/)
})

it('runs one at a time, and another once the first is not listened to any more', async () => {
  const controller = new AbortController()
  const long = { ...request, steps: 1_000, contexts: [300] }
  const first = await opened.client.benchmark.run(long, { signal: controller.signal })
  await first.next()
  const error = await engineErrorOf(collected(request))
  expect(error.code).toBe('run-busy')
  controller.abort()
  await expect.poll(async () => (await collected(request)).at(-1)?.type, { timeout: 60_000 }).toBe('end')
})

it('says what is wrong with a request', async () => {
  const tooLong = await engineErrorOf(collected({ ...request, contexts: [384] }))
  expect(tooLong).toMatchObject({ code: 'setting-invalid' })
  const noRun = await engineErrorOf(collected({ ...request, source: { kind: 'run', id: 'gone' } }))
  expect(noRun.code).toBe('file-not-found')
})
