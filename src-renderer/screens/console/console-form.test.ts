import { describe, expect, it } from 'vitest'
import { defaultForm, formFor, parseForm, type ConsoleForm } from './console-form.ts'

const sampled: ConsoleForm = { ...defaultForm, isSampled: true }
const parse = (form: ConsoleForm) => parseForm(form, 'trie')
const problemsOf = (form: ConsoleForm) => [...(parse(form).problems ?? [])]

describe('the controls of the console', () => {
  it('stand for greedy decoding by default', () => {
    expect(parse(defaultForm)).toEqual({
      options: { mode: 'trie', numbers: { candidates: 8 }, sampling: null, maxTokens: 120, stop: [] },
      problems: null,
    })
  })

  it('leave out what is off', () => {
    expect(parse({ ...sampled, topK: '', topP: '', stop: ['\n', ''] })).toMatchObject({
      options: { sampling: { temperature: 0.8, seed: 1 }, stop: ['\n'] },
    })
    expect(parse({ ...sampled, topK: 40, topP: 0.5 })).toMatchObject({
      options: { sampling: { topK: 40, topP: 0.5 } },
    })
  })

  it.each([
    ['temperature', { temperature: 11 }],
    ['temperature', { temperature: '' }],
    ['topK', { topK: 1.5 }],
    ['topP', { topP: 1.01 }],
    ['seed', { seed: -1 }],
    ['maxTokens', { maxTokens: '' }],
    ['maxTokens', { maxTokens: 4_097 }],
    ['stop', { stop: ['x'.repeat(1_001)] }],
    ['candidates', { mode: 'trie', candidates: '' }],
    ['candidates', { mode: 'trie', candidates: -1 }],
    ['gatePercent', { mode: 'gated', gatePercent: '' }],
    ['gatePercent', { mode: 'gated', gatePercent: 101 }],
  ] as const)('name a wrong %s', (field, wrong) => {
    expect(problemsOf({ ...sampled, ...wrong })).toEqual([field])
  })

  it("follow the model's own mode until another one is chosen", () => {
    expect(parseForm({ ...defaultForm, candidates: 4 }, 'trie')).toMatchObject({
      options: { mode: 'trie', numbers: { candidates: 4 } },
    })
    expect(parseForm({ ...defaultForm, mode: 'free' }, 'trie')).toMatchObject({
      options: { mode: 'free', numbers: {} },
    })
  })

  it('name all that is wrong, and do not mind sampling options while greedy', () => {
    expect(problemsOf({ ...sampled, temperature: -1, topP: 2, maxTokens: 0 }).sort()).toEqual([
      'maxTokens',
      'temperature',
      'topP',
    ])
    expect(problemsOf({ ...defaultForm, temperature: -1 })).toEqual([])
  })

  it('come back from saved options', () => {
    const form = formFor('trie', { candidates: 5 }, { temperature: 0.5, topK: 7, seed: 9 }, 33)
    expect(parse(form)).toEqual({
      options: {
        mode: 'trie',
        numbers: { candidates: 5 },
        sampling: { temperature: 0.5, topK: 7, seed: 9 },
        maxTokens: 33,
        stop: [],
      },
      problems: null,
    })
    expect(parse(formFor('gated', { gateShare: 0.1 }, null, 5))).toMatchObject({
      options: { mode: 'gated', numbers: { gateShare: 0.1 }, sampling: null },
    })
  })
})
