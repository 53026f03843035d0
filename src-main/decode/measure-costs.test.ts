import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openBaseModel } from '../models/base-model.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { createTrunkSession, type TrunkSession } from '../models/trunk-session.ts'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import type { Drafter } from './drafter.ts'
import { createKnownCosts } from './known-costs.ts'
import { measureCosts, measuredCostsSchema, passCosts, type MeasuredCosts } from './measure-costs.ts'
import { mostSteps } from './plan-lossless.ts'
import { createVerifyingHead } from './verifying-head.ts'

const drafter: Drafter = { outputHead: 'none', draft: () => Promise.resolve({ tokens: [], isSure: false }) }

/** Time passes only where a test lets it. */
function stopClock(): void {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
}

describe('costs on the sample model', () => {
  it('are positive, and more states take no less time', async () => {
    const base = await openBaseModel(modelFolder(sampleModelName))
    const { architecture } = base
    const [trunk, head] = [await createTrunkSession(base), await createVerifyingHead(base)]
    const picks = { own: (hidden: Float32Array) => head.choices(hidden) }
    const measured = await measureCosts({ trunk, drafter, picks, architecture, device: 'cpu' }, 128)
    await Promise.all([trunk.release(), head.release()])
    expect(measuredCostsSchema.parse(measured)).toEqual(measured)
    expect(measured.head.map(({ rows }) => rows)).toEqual([1, 2, 4, 8, 16])
    const reckoned = passCosts(measured)
    let before = 0
    for (let rows = 1; rows <= 40; rows += 0.5) {
      expect(reckoned.head(rows)).toBeGreaterThanOrEqual(before)
      before = reckoned.head(rows)
    }
    for (const { rows, milliseconds } of measured.head) expect(reckoned.head(rows)).toBe(milliseconds)
  })

  it('are of the context that was asked for, and leave out what there is no time for', async () => {
    stopClock()
    const base = await openBaseModel(modelFolder(sampleModelName))
    const { architecture } = base
    const real = await createTrunkSession(base)
    const lengths: number[] = []
    const slow: TrunkSession = {
      ...real,
      forwardLastPosition: async (tokens, cache, ...asked) => {
        lengths.push(cache.length)
        vi.advanceTimersByTime(700)
        return real.forwardLastPosition(tokens, cache, ...asked)
      },
    }
    const rows: number[] = []
    const pick = (hidden: Float32Array) => Promise.resolve(rows.push(hidden.length / architecture.hiddenSize))
    const parts = { trunk: slow, drafter, picks: { own: pick }, architecture, device: 'cpu' } as const
    const measured = await measureCosts(parts, 300)
    await real.release()
    // A real text comes first, whose states are what the head and the draft look at.
    expect(lengths).toEqual([31, 300, 300])
    expect(rows).toEqual([1, 16])
    expect(measured.trunk).toBe(700)
    expect(measured.head.map((head) => head.rows)).toEqual([1, 16])
  })
})

it('of two heads the cheaper one verifies, and what base mode’s own takes is kept', async () => {
  stopClock()
  const base = await openBaseModel(modelFolder(sampleModelName))
  const { architecture } = base
  const trunk = await createTrunkSession(base)
  const atOnce = () => Promise.resolve()
  const slowly = () => {
    vi.advanceTimersByTime(20)
    return atOnce()
  }
  const measure = (own: () => Promise<unknown>, int8: () => Promise<unknown>) =>
    measureCosts({ trunk, drafter, picks: { own, int8 }, architecture, device: 'cpu' }, 16)
  const faster = await measure(slowly, atOnce)
  expect(faster).toMatchObject({ verifier: 'int8', baseHead: 20 })
  expect(faster.head[0]!.milliseconds).toBeLessThan(1)
  const slower = await measure(atOnce, slowly)
  expect(slower).toMatchObject({ verifier: 'own', baseHead: slower.head[0]!.milliseconds })
  expect(slower.baseHead).toBeLessThan(1)
  await trunk.release()
})

describe('what a replay reckons with', () => {
  const measured: MeasuredCosts = {
    trunk: 20,
    tail: 1,
    verifier: 'own',
    baseHead: 4,
    head: [
      { rows: 1, milliseconds: 4 },
      { rows: 4, milliseconds: 4.6 },
      { rows: 16, milliseconds: 10 },
    ],
  }

  it('is proportional between what was measured, and extrapolates beyond it', () => {
    const { head } = passCosts(measured)
    for (const [rows, milliseconds] of [
      [1, 4],
      [2, 4.2],
      [4, 4.6],
      [10, 7.3],
      [16, 10],
      [20, 11.8],
    ] as const)
      expect(head(rows)).toBeCloseTo(milliseconds, 9)
  })

  it('bounds the steps, so that nobody waits for more than half a second', () => {
    const steps = mostSteps(passCosts(measured))
    const gap = (n: number) => n * 21 + passCosts(measured).head(n)
    expect(gap(steps)).toBeLessThanOrEqual(500)
    expect(gap(steps + 1)).toBeGreaterThan(500)
    expect(mostSteps(passCosts({ ...measured, trunk: 2 }))).toBe(32)
    expect(mostSteps(passCosts({ ...measured, trunk: 900 }))).toBe(1)
  })
})

describe('known costs', () => {
  const costs = (trunk: number): MeasuredCosts => ({
    trunk,
    tail: 0,
    head: [{ rows: 1, milliseconds: 1 }],
    verifier: 'own',
    baseHead: 1,
  })

  it('are measured once for each key, also by two at once, and again after a failure', async () => {
    const known = createKnownCosts(null)
    let measured = 0
    const measure = () => Promise.resolve(costs(++measured))
    const both = await Promise.all([known.of('a', measure), known.of('a', measure)])
    expect(both).toEqual([costs(1), costs(1)])
    expect(await known.of('b', measure)).toEqual(costs(2))
    await expect(known.of('c', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await known.of('c', measure)).toEqual(costs(3))
  })

  it('are kept in a file for other processes, unless it is another machine’s or damaged', async () => {
    const file = join(await temporaryFolder(), 'costs', 'costs.json')
    const nobody = () => Promise.reject(new Error('measured again'))
    expect(await createKnownCosts(file).of('a', () => Promise.resolve(costs(1)))).toEqual(costs(1))
    await createKnownCosts(file).of('b', () => Promise.resolve(costs(2)))
    expect(await createKnownCosts(file).of('a', nobody)).toEqual(costs(1))
    expect(await createKnownCosts(file).of('b', nobody)).toEqual(costs(2))
    const kept = JSON.parse(await readFile(file, 'utf8')) as object
    await writeFile(file, JSON.stringify({ ...kept, machine: 'another one' }))
    await expect(createKnownCosts(file).of('a', nobody)).rejects.toThrow('measured again')
    await writeFile(file, '{')
    expect(await createKnownCosts(file).of('a', () => Promise.resolve(costs(3)))).toEqual(costs(3))
  })

  it('are measured again after an hour, and where they are of an hour to come', async () => {
    const file = join(await temporaryFolder(), 'costs.json')
    const at = (minutes: number) => createKnownCosts(file, () => minutes * 60_000)
    const measure = (trunk: number) => () => Promise.resolve(costs(trunk))
    expect(await at(100).of('a', measure(1))).toEqual(costs(1))
    expect(await at(159).of('a', measure(2))).toEqual(costs(1))
    expect(await at(161).of('a', measure(3))).toEqual(costs(3))
    expect(await at(90).of('a', measure(4))).toEqual(costs(4))
  })
})
