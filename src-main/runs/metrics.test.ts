import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { lineSplitter, maxLineBytes, openMetricsLog, readMetricsFile } from './metrics.ts'
import { collect } from './testing/collect.ts'
import { withFullDisk } from './testing/faults.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

const schema = z.object({ step: z.number(), loss: z.number().nullable() })
type Event = z.infer<typeof schema>

const event = (step: number): Event => ({ step, loss: 1 / (step + 1) })
const events = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index))
const linesOf = (list: readonly Event[]) => list.map((one) => `${JSON.stringify(one)}\n`).join('')

const metricsPath = async () => join(await temporaryFolder(), 'metrics.jsonl')
const readAll = (path: string) => collect(readMetricsFile(path, schema))

describe('lineSplitter', () => {
  const text = 'one\n\nthrée\n0123456789\n01234567890\nlast\ntorn'
  const bytes = Buffer.from(text)

  test.each(Array.from({ length: bytes.length }, (_, index) => index + 1))(
    'gives the same lines from blocks of %i bytes',
    (size) => {
      const split = lineSplitter(10)
      const lines: (string | null)[] = []
      for (let start = 0; start < bytes.length; start += size)
        lines.push(...split(bytes.subarray(start, start + size)))
      expect(lines).toEqual(['one', '', 'thrée', '0123456789', null, 'last'])
    },
  )
})

describe('a metrics log', () => {
  test('keeps all events in order, also those appended without waiting', async () => {
    const path = await metricsPath()
    const log = await openMetricsLog(path)
    await Promise.all(events(1, 5000).map((one) => log.append(one)))
    await log.close()
    expect(await readAll(path)).toEqual(events(1, 5000))
  })

  test('holds few events back, and writes many at once without being asked', async () => {
    const path = await metricsPath()
    const log = await openMetricsLog(path)
    await log.append(event(1))
    expect(await readAll(path)).toEqual([])
    await log.flush()
    expect(await readAll(path)).toEqual([event(1)])
    for (const one of events(2, 10_000)) await log.append(one)
    expect((await readAll(path)).length).toBeGreaterThan(5000)
    await log.close()
  })

  test('continues where an earlier one ended', async () => {
    const path = await metricsPath()
    for (const step of [1, 2, 3]) {
      const log = await openMetricsLog(path)
      await log.append(event(step))
      await log.close()
    }
    expect(await readAll(path)).toEqual(events(1, 3))
  })

  test('stores what JSON has no number for as null', async () => {
    const path = await metricsPath()
    const log = await openMetricsLog(path)
    await log.append({ step: 1, loss: NaN } as Event)
    await log.close()
    expect(await readAll(path)).toEqual([{ step: 1, loss: null }])
  })

  test('refuses an event too long to be read again', async () => {
    const log = await openMetricsLog(await metricsPath())
    await expect(log.append({ step: 1, note: 'x'.repeat(maxLineBytes) } as never)).rejects.toThrow(RangeError)
    await log.close()
  })
})

describe('a torn last line', () => {
  test.each([
    ['half an event', '{"step":4,"lo'],
    ['an event without its newline', '{"step":4,"loss":0.1}'],
    ['zeros, as after a power cut', '\0'.repeat(5000)],
    ['more than one block', 'x'.repeat(200_000)],
  ])('is cut off at opening: %s', async (_, torn) => {
    const path = await metricsPath()
    await writeFile(path, linesOf(events(1, 3)) + torn)
    expect(await readAll(path)).toEqual(events(1, 3))
    const log = await openMetricsLog(path)
    await log.append(event(4))
    await log.close()
    expect(await readFile(path, 'utf8')).toBe(linesOf(events(1, 4)))
  })

  test('may be the only one', async () => {
    const path = await metricsPath()
    await writeFile(path, '{"st')
    await (await openMetricsLog(path)).close()
    expect(await readFile(path, 'utf8')).toBe('')
  })
})

describe('dropAfter', () => {
  test('drops the events of later steps, wherever they stand, and later events are appended to the rest', async () => {
    const path = await metricsPath()
    await writeFile(path, linesOf([event(1), event(5), event(2), event(3), event(4)]))
    const log = await openMetricsLog(path)
    await log.append(event(6))
    expect(await log.dropAfter(2)).toBe(0)
    await log.append(event(3))
    await log.close()
    expect(await readFile(path, 'utf8')).toBe(linesOf(events(1, 3)))
  })

  test('drops and counts lines that are no events', async () => {
    const path = await metricsPath()
    const bad = ['', '{"step":2', '\0\0\0', '[]', '{"loss":1}', '{"step":-1}', 'x'.repeat(maxLineBytes + 1)]
    await writeFile(path, linesOf([event(1)]) + bad.map((line) => `${line}\n`).join('') + linesOf([event(2)]))
    const log = await openMetricsLog(path)
    expect(await log.dropAfter(9)).toBe(bad.length)
    await log.close()
    expect(await readAll(path)).toEqual(events(1, 2))
  })

  test('on a full disk leaves all as it was, and the log can still be written to', async () => {
    const path = await metricsPath()
    await writeFile(path, linesOf(events(1, 9)))
    const log = await openMetricsLog(path)
    await expect(withFullDisk(20, () => log.dropAfter(3))).rejects.toMatchObject({ code: 'disk-full' })
    await log.append(event(10))
    await log.close()
    expect(await readAll(path)).toEqual(events(1, 10))
  })
})

describe('a full disk', () => {
  test.each([0, 1, 30, 1000])('with room for %i bytes loses and doubles no event', async (room) => {
    const path = await metricsPath()
    const log = await openMetricsLog(path)
    await log.append(event(1))
    await log.flush()
    await withFullDisk(room, async () => {
      for (const one of events(2, 100)) await log.append(one)
      await expect(log.flush()).rejects.toMatchObject({
        code: 'disk-full',
        message: expect.stringContaining(path) as string,
      })
      const seen = await readAll(path)
      expect(seen).toEqual(events(1, seen.length))
    })
    await log.append(event(101))
    await log.close()
    expect(await readFile(path, 'utf8')).toBe(linesOf(events(1, 101)))
  })
})

describe('readMetricsFile', () => {
  test('finds no events in a file that is not there yet', async () => {
    expect(await readAll(await metricsPath())).toEqual([])
  })

  test.each([
    ['no JSON', '{"step":', 'line 2'],
    ['another shape', '{"step":"2"}', 'step'],
    ['an endless line', 'x'.repeat(3 * maxLineBytes), 'longer than'],
  ])('names the line that cannot be read: %s', async (_, line, named) => {
    const path = await metricsPath()
    await writeFile(path, linesOf([event(1)]))
    await appendFile(path, `${line}\n`)
    await expect(readAll(path)).rejects.toMatchObject({
      code: 'run-corrupt',
      message: expect.stringMatching(new RegExp(`line 2.*${named}|${named}`, 's')) as string,
    })
  })

  test('may be left half way', async () => {
    const path = await metricsPath()
    await writeFile(path, linesOf(events(1, 10_000)))
    for await (const { step } of readMetricsFile(path, schema)) if (step === 3) break
  })
})
