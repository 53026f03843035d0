import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { collect } from '../runs/testing/collect.ts'
import { createExactInt8Head } from './exact-int8-head.ts'
import type { KnownCosts } from './known-costs.ts'
import { passCosts, type MeasuredCosts } from './measure-costs.ts'
import { chooseSettings } from './replay.ts'
import type { Sampling } from './sampling.ts'
import { madeUpDoubts, writeSymbolSpellm } from './testing/symbol-spellm.ts'
import { openTextGenerator, type GenerationMode } from './text-generator.ts'

vi.mock('./exact-int8-head.ts', { spy: true })
const opened = vi.mocked(createExactInt8Head)

let scratch = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-pays-'))
  await writeSymbolSpellm(scratch)
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

/** Costs of a head that looks at any number of states in so many milliseconds. */
const headOf = (milliseconds: number): MeasuredCosts => ({
  trunk: 1,
  tail: 0.2,
  head: [
    { rows: 1, milliseconds },
    { rows: 16, milliseconds },
  ],
  verifier: 'own',
  baseHead: milliseconds,
})

/** Opens the SpeLLM for a machine with other costs than this one's. */
async function open(costs: MeasuredCosts, folder = scratch) {
  const keys = new Set<string>()
  const knownCosts: KnownCosts = { of: (key) => Promise.resolve((keys.add(key), costs)) }
  const generator = await openTextGenerator(folder, { knownCosts })
  const write = async (mode: GenerationMode, sampling: Sampling | null = null, maxTokens = 40) => {
    const [notices, rows]: [string[], number[]] = [[], []]
    const pieces = await collect(
      generator.write('The old bear', generator.createKvContext(), {
        mode,
        sampling,
        maxTokens,
        stop: [],
        onNotice: (message) => notices.push(message),
        onHeadPass: (states) => rows.push(states),
      }),
    )
    return { pieces, notices, rows }
  }
  return { generator, write, keys }
}

describe('lossless mode of a SpeLLM whose doubts were recorded', () => {
  it('leaves the text to the base model where the head costs nothing, and says so once', async () => {
    const { generator, write, keys } = await open(headOf(0.001))
    const { pieces, notices, rows } = await write('lossless')
    expect(notices).toEqual([expect.stringMatching(/lossless mode would write at 0\.\d\d × the base model/)])
    expect(rows).toEqual(pieces.map(() => 1))
    expect(pieces).toEqual((await write('base')).pieces)
    expect((await generator.losslessPlan(null, 10))!.speedup).toBeLessThan(1)
    expect(keys.size).toBe(1)
    await generator.release()
  })

  it('drafts where the head costs much, by the threshold and steps that pay best', async () => {
    const costs = headOf(30)
    const { generator, write } = await open(costs)
    const { pieces, notices, rows } = await write('lossless')
    expect(notices).toEqual([])
    expect(rows.some((states) => states > 1)).toBe(true)
    expect(pieces).toEqual((await write('base')).pieces)
    const plan = await generator.losslessPlan(null, 10)
    expect(plan).toEqual({ ...chooseSettings(madeUpDoubts(), passCosts(costs)), costs })
    expect(Math.max(...rows)).toBeLessThanOrEqual(plan!.steps)
    expect(plan!.speedup).toBeGreaterThan(1)
    await generator.release()
  })

  it('verifies with the exact int8 head where that takes less time', async () => {
    const { generator, write } = await open({ ...headOf(30), verifier: 'int8' })
    const before = opened.mock.calls.length
    const { pieces, rows } = await write('lossless')
    expect(opened.mock.calls.length).toBe(before + 1)
    expect(rows.some((states) => states > 1)).toBe(true)
    expect(pieces).toEqual((await write('base')).pieces)
    await generator.release()
  })

  it('takes fewer steps where more would keep a reader waiting', async () => {
    const { generator } = await open({ ...headOf(300), trunk: 60 })
    expect((await generator.losslessPlan(null, 10))!.steps).toBeLessThanOrEqual(3)
    await generator.release()
  })

  it('continues as the base model where the text is slower than that, and says so once', async () => {
    // With a tail that costs nearly as much as the head, nothing makes up for the passes that are lost.
    const { generator, write } = await open({ ...headOf(30), tail: 29.9 })
    const sampling = { temperature: 1, seed: 2 }
    const { pieces, notices, rows } = await write('lossless', sampling, 200)
    expect(pieces).toEqual((await write('base', sampling, 200)).pieces)
    expect(notices).toEqual([expect.stringMatching(/Lossless mode took .* the base model continues alone/)])
    expect(Math.max(...rows)).toBeGreaterThan(1)
    expect(new Set(rows.slice(-50))).toEqual(new Set([1]))
    await generator.release()
  })

  describe('where those of draws were recorded, too', () => {
    const sampling = { temperature: 0.7, topP: 0.9, seed: 4 }
    const greedy = madeUpDoubts()
    // More often wrong than a greedy text, where nothing says so.
    const drawn = { ...greedy, isRight: greedy.isRight.map((right, i) => (i % 4 === 0 ? 0 : right)) }
    let folder = ''
    beforeAll(async () => {
      folder = join(scratch, 'drawn')
      await writeSymbolSpellm(folder, { doubts: { ...greedy, drawn } })
    })

    it('leaves a drawn text to the base model where drafts of it would not pay', async () => {
      // Greedy ones would.
      const { generator, write } = await open(headOf(0.6), folder)
      expect((await write('lossless')).notices).toEqual([])
      const { pieces, notices, rows } = await write('lossless', sampling)
      expect(notices).toEqual([
        expect.stringMatching(/lossless mode would write at 0\.\d\d × the base model/),
      ])
      expect(rows).toEqual(pieces.map(() => 1))
      expect(pieces).toEqual((await write('base', sampling)).pieces)
      await generator.release()
    })

    it('leaves it to the base model where drafts would hardly pay', async () => {
      const costs = headOf(1.2)
      const { generator, write } = await open(costs, folder)
      const { speedup } = (await generator.losslessPlan(sampling, 10))!
      expect(speedup).toBeGreaterThan(1)
      expect(speedup).toBeLessThan(1.04)
      const { notices, rows } = await write('lossless', sampling)
      expect(notices).toEqual([expect.stringMatching(/would gain too little on a drawn text \(1\.0\d ×\)/)])
      expect(new Set(rows)).toEqual(new Set([1]))
      await generator.release()
    })

    it('drafts it by the steps that pay best for draws', async () => {
      const costs = headOf(30)
      const { generator, write } = await open(costs, folder)
      const { pieces, rows } = await write('lossless', sampling)
      expect(pieces).toEqual((await write('base', sampling)).pieces)
      const { steps, speedup } = (await generator.losslessPlan(sampling, 10))!
      expect({ steps, speedup }).toMatchObject(
        (({ steps, speedup }) => ({ steps, speedup }))(chooseSettings(drawn, passCosts(costs))),
      )
      expect(Math.max(...rows)).toBeGreaterThan(1)
      expect(Math.max(...rows)).toBeLessThanOrEqual(steps)
      await generator.release()
    })
  })

  it('measures costs for each kind of pick and about each length of context', async () => {
    const { generator, write, keys } = await open(headOf(30))
    for (const sampling of [null, { temperature: 0.8, topP: 0.9, seed: 1 }, null])
      await write('lossless', sampling, 2)
    expect(keys.size).toBe(2)
    await generator.losslessPlan(null, 128)
    expect(keys.size).toBe(2)
    await generator.losslessPlan(null, 129)
    expect(keys.size).toBe(3)
    await generator.release()
  })
})

it('measures what nobody has injected, and a base model alone has no plan', async () => {
  const generator = await openTextGenerator(scratch)
  const plan = (await generator.losslessPlan(null, 100))!
  expect(plan.costs.head.length).toBeGreaterThan(1)
  expect(plan.speedup).toBeGreaterThan(0)
  await generator.release()
  const base = await openTextGenerator('sample')
  expect(await base.losslessPlan(null, 100)).toBeNull()
  await base.release()
})
