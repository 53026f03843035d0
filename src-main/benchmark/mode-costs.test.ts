import { expect, it } from 'vitest'
import { modeCosts, steadyModes } from './mode-costs.ts'

const parts = {
  context: 10,
  keyValueBytes: 1_000,
  trunk: 6,
  head: 4,
  tail: 0.5,
  headAlone: 5,
  trieSearch: 0.1,
  freeLookup: 0.05,
  candidateSearch: 0.2,
  gateSearch: 0.15,
  peer: null,
}
const weights = { trunk: 50_000, head: 30_000, headRow: 100, tail: 2_000 }
const options = { modes: steadyModes, candidates: 8, gateShare: 0.1, bandwidth: 20_000_000 }

it('adds up what each mode needs', () => {
  const [base, gated, best, free] = modeCosts(parts, weights, options)
  const [, trie] = modeCosts(parts, weights, { ...options, modes: ['trie'], candidates: 0 })
  expect(base).toMatchObject({ mode: 'base', milliseconds: 10, reduction: 0, shareOfLimit: 0, bytes: 81_000 })
  // 81 kB in 10 ms are 8.1 MB/s of 20.
  expect(base!.bandwidthShare).toBeCloseTo(0.405, 10)
  expect(trie!.milliseconds).toBeCloseTo(6.6, 10)
  expect(trie!.reduction).toBeCloseTo(0.34, 10)
  expect(trie!.shareOfLimit).toBeCloseTo(0.85, 10)
  expect(trie!.bytes).toBe(53_000)
  expect(free!.milliseconds).toBeCloseTo(6.55, 10)
  expect(best).toMatchObject({ mode: 'trie', search: 0.2, head: 0, bytes: 53_800 })
  expect(gated!.head).toBeCloseTo(0.5, 10)
  expect(gated!.milliseconds).toBeCloseTo(7.15, 10)
  expect(gated!.bytes).toBe(56_000)
})

it('has the base model first, then only the modes that are asked for', () => {
  const modes = modeCosts(parts, weights, { ...options, modes: ['gated'] }).map(({ mode }) => mode)
  expect(modes).toEqual(['base', 'gated'])
})

it('says nothing of a limit where the head takes no time beyond the noise', () => {
  const costs = modeCosts({ ...parts, head: 0 }, weights, options)
  expect(costs.map(({ shareOfLimit }) => shareOfLimit)).toEqual(costs.map(() => null))
  expect(costs.every(({ reduction }) => Number.isFinite(reduction))).toBe(true)
})
