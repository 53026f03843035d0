import { describe, expect, it } from 'vitest'
import { runNameProblem, suggestRunName } from './run-name.ts'

describe('a name for a run', () => {
  it('is made of the model and k', () => {
    expect(suggestRunName('Sample model', 12, [])).toBe('sample-model-k12')
    expect(suggestRunName('Llama-3.2-1B', 10, [])).toBe('llama-3.2-1b-k10')
    expect(suggestRunName('Sample model', null, [])).toBe('sample-model-groups')
  })

  it('takes the next number where it is taken, whatever the capitals', () => {
    const taken = ['Sample-Model-k12', 'sample-model-k12-2']
    expect(suggestRunName('Sample model', 12, taken)).toBe('sample-model-k12-3')
  })

  it.each(['..', '', '/etc', '日本語', 'x'.repeat(300)])('is a valid one for a model named %j', (model) => {
    expect(runNameProblem(suggestRunName(model, 12, []), [])).toBeNull()
  })
})

describe('the check of a typed name', () => {
  it.each(['first', 'First run 2', 'naïve_run-1.5'])('accepts %j', (name) => {
    expect(runNameProblem(name, ['other'])).toBeNull()
  })

  it.each(['', '.hidden', 'a/b', 'a\\b', '..', 'a:b', 'x'.repeat(101)])(
    'says what is wrong with %j',
    (name) => {
      expect(runNameProblem(name, [])).toMatch(/name|letters/i)
    },
  )

  it('knows the names of other runs', () => {
    expect(runNameProblem('first', ['First'])).toMatch(/already/)
  })
})
