import { describe, expect, it } from 'vitest'
import { defaultForm, formFor, parseForm, type ConsoleForm } from './console-form.ts'

const sampled: ConsoleForm = { ...defaultForm, isSampled: true }
const problemsOf = (form: ConsoleForm) => [...(parseForm(form).problems ?? [])]

describe('the controls of the console', () => {
  it('stand for greedy decoding by default', () => {
    expect(parseForm(defaultForm)).toEqual({
      options: { sampling: null, maxTokens: 120, stop: [] },
      problems: null,
    })
  })

  it('leave out what is off', () => {
    expect(parseForm({ ...sampled, topK: '', topP: '', stop: ['\n'] })).toMatchObject({
      options: { sampling: { temperature: 0.8, seed: 1 }, stop: ['\n'] },
    })
    expect(parseForm({ ...sampled, topK: 40, topP: 0.5 })).toMatchObject({
      options: { sampling: { topK: 40, topP: 0.5 } },
    })
  })

  it.each([
    ['temperature', { temperature: 0 }],
    ['temperature', { temperature: '' }],
    ['topK', { topK: 1.5 }],
    ['topP', { topP: 1.01 }],
    ['seed', { seed: -1 }],
    ['maxTokens', { maxTokens: '' }],
    ['maxTokens', { maxTokens: 4_097 }],
    ['stop', { stop: [''] }],
  ] as const)('name a wrong %s', (field, wrong) => {
    expect(problemsOf({ ...sampled, ...wrong })).toEqual([field])
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
    const { options } = parseForm({ ...sampled, topK: 7 }) as { options: { sampling: { seed: number } } }
    const form = formFor('free', { temperature: 0.5, topK: 7, seed: 9 }, 33)
    expect(options.sampling.seed).toBe(1)
    expect(parseForm(form)).toEqual({
      options: { sampling: { temperature: 0.5, topK: 7, seed: 9 }, maxTokens: 33, stop: [] },
      problems: null,
    })
    expect(form.mode).toBe('free')
  })
})
