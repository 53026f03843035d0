import { expect, it } from 'vitest'
import { defaultForm, parseForm } from './benchmark-form.ts'

it('asks for contexts in order, and for the numbers of the modes that are chosen', () => {
  const form = { ...defaultForm, contexts: '256, 16,256', modes: ['free', 'gated'] as const }
  expect(parseForm(form, 384).options).toEqual({
    modes: ['free', 'gated'],
    precision: null,
    contexts: [16, 256],
    steps: 96,
    gateShare: 0.05,
  })
})

it('names the fields that are wrong', () => {
  const problemsOf = (change: Partial<typeof defaultForm>) => [
    ...(parseForm({ ...defaultForm, ...change }, 384).problems ?? []),
  ]
  expect(problemsOf({})).toEqual([])
  for (const contexts of ['', '12,', '384', '1.5', 'x', '0'])
    expect(problemsOf({ contexts })).toEqual(['contexts'])
  expect(problemsOf({ steps: 4, candidates: '', gatePercent: 101 })).toEqual([
    'steps',
    'candidates',
    'gatePercent',
  ])
  expect(problemsOf({ candidates: '', modes: ['free'] })).toEqual([])
})
