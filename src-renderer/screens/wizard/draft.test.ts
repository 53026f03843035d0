import { describe, expect, it } from 'vitest'
import { conversionRequestSchema, type ConversionRequest } from '../../../src-main/contract/index.ts'
import {
  changedAdvancedFields,
  changeOfBase,
  checkDraft,
  draftSchema,
  emptyDraft,
  lengthOf,
  type Draft,
  type DraftField,
} from './draft.ts'

const check = (change: Partial<Draft>) => checkDraft({ ...emptyDraft, base: 'sample', ...change }, 'cpu')

describe('a draft', () => {
  it('asks for nothing before a model is chosen', () => {
    expect(checkDraft(emptyDraft, 'cpu').request).toBeNull()
  })

  it('leaves untouched fields to the engine, and takes the device of the settings', () => {
    const { request, problems } = checkDraft({ ...emptyDraft, base: 'sample' }, 'webgpu')
    expect(problems).toEqual({})
    expect(request).toEqual({
      base: 'sample',
      texts: [],
      k: 12,
      alphabet: 'auto',
      units: 'token',
      tokenSymbols: 'auto',
      device: 'webgpu',
      mode: 'lossless',
      samplingTail: false,
      precision: 'stored',
      keepCache: false,
    })
  })

  it.each<[Partial<Draft>, Partial<ConversionRequest>]>([
    [{ usesSymbols: false }, { tokenSymbols: 0, mode: 'trie' }],
    [{ units: 'word' }, { tokenSymbols: 0, mode: 'trie' }],
    [
      { usesSymbols: false, mode: 'lossless' },
      { tokenSymbols: 0, mode: 'lossless' },
    ],
    [{ mode: 'trie' }, { tokenSymbols: 'auto', mode: 'trie' }],
    [{ tokenSymbols: '2048' }, { tokenSymbols: 2048, mode: 'lossless' }],
  ])('proposes the mode that suits its spelling, unless one was chosen: %j', (change, expected) => {
    expect(check(change).request).toMatchObject(expected)
  })

  it.each<[boolean, Partial<Draft>]>([
    [true, { usesSymbols: false }],
    [false, {}],
    [false, { usesSymbols: false, units: 'word' }],
  ])('learns a second tail for the probabilities of spelled tokens only: %j for %j', (isLearnt, change) => {
    expect(check({ ...change, samplingTail: true }).request?.samplingTail).toBe(isLearnt)
  })

  it('minds a number of token symbols only where there are any', () => {
    const wrong = { tokenSymbols: '0' }
    expect(Object.keys(check(wrong).problems)).toEqual(['tokenSymbols'])
    expect(check({ ...wrong, usesSymbols: false }).problems).toEqual({})
    const changed = (change: Partial<Draft>) =>
      changedAdvancedFields({ ...emptyDraft, tokenSymbols: '512', ...change })
    expect(changed({})).toEqual(['tokenSymbols'])
    expect(changed({ usesSymbols: false })).toEqual([])
  })

  it('leaves the device open where the settings do, unless one was chosen', () => {
    const draft = { ...emptyDraft, base: 'sample' }
    expect(checkDraft(draft, 'auto').request?.device).toBe('auto')
    expect(checkDraft({ ...draft, device: 'cuda' }, 'auto').request?.device).toBe('cuda')
  })

  it('becomes a request that the contract accepts, with everything that was typed', () => {
    const { request } = check({
      source: 'files',
      texts: ['/texts/a.txt'],
      tokens: '800000',
      epochs: '4',
      batchTokens: '2048',
      seed: '0',
      adapterRate: '3e-3',
      headsRate: '0.01',
      adapterWidths: '512, 1024',
      usesSymbols: false,
      device: 'cpu',
      mode: 'trie',
      samplingTail: true,
      precision: 'int8',
      keepCache: true,
    })
    expect(conversionRequestSchema.parse(request)).toEqual({
      base: 'sample',
      texts: ['/texts/a.txt'],
      k: 12,
      alphabet: 'auto',
      units: 'token',
      tokenSymbols: 0,
      tokens: 800_000,
      epochs: 4,
      batchTokens: 2048,
      seed: 0,
      peakLearningRates: { adapter: 0.003, heads: 0.01 },
      adapterWidths: [512, 1024],
      device: 'cpu',
      mode: 'trie',
      samplingTail: true,
      precision: 'int8',
      keepCache: true,
    })
  })

  it('keeps the precision for another base model, but not blocks of the one before', () => {
    const next = (precision: Draft['precision']) =>
      check({ ...changeOfBase('/models/other', { precision }), k: 8 }).request
    expect(next('int4')).toMatchObject({ base: '/models/other', k: 8, precision: 'int4' })
    expect(next('kept')).toMatchObject({ precision: 'stored' })
    expect(changeOfBase('sample', emptyDraft)).toEqual({ base: 'sample', name: null, precision: 'stored' })
  })

  it('forgets chosen files while it does not use them', () => {
    expect(check({ source: 'own', texts: ['/texts/a.txt'] }).request?.texts).toEqual([])
  })

  it('asks the questions of its files only where tokens are symbols', () => {
    const asking: Partial<Draft> = { source: 'questions', questions: ['/q.txt'], texts: ['/texts/a.txt'] }
    expect(check(asking).request).toMatchObject({ texts: [], questions: ['/q.txt'] })
    const spelled = check({ ...asking, usesSymbols: false }).request
    expect(spelled).toMatchObject({ texts: [] })
    expect(spelled).not.toHaveProperty('questions')
  })

  it('learns groups only where tokens are symbols, with k of 1', () => {
    const groups: Partial<Draft> = { alphabet: 'groups', k: 8 }
    expect(check(groups).request).toMatchObject({ alphabet: 'groups', k: 1, tokenSymbols: 'auto' })
    for (const change of [{ usesSymbols: false }, { units: 'word' }] as const)
      expect(check({ ...groups, ...change }).request).toMatchObject({
        alphabet: 'auto',
        k: 8,
        tokenSymbols: 0,
      })
  })

  it.each<[DraftField, Partial<Draft>]>([
    ['tokens', { tokens: '999' }],
    ['tokens', { tokens: '1.5e3.2' }],
    ['epochs', { epochs: '2.5' }],
    ['batchTokens', { batchTokens: '0' }],
    ['seed', { seed: '-1' }],
    ['adapterRate', { adapterRate: '0', headsRate: '0.01' }],
    ['headsRate', { adapterRate: '0.01', headsRate: 'fast' }],
    ['headsRate', { adapterRate: '0.01' }],
    ['adapterWidths', { adapterWidths: '512,,1024' }],
    ['adapterWidths', { adapterWidths: 'wide' }],
    ['alphabet', { alphabet: 'characters:' }],
    ['alphabet', { alphabet: 'characters:a\ud800' }],
    ['alphabet', { alphabet: 'auto:0' }],
    ['texts', { source: 'files', texts: [] }],
    ['texts', { source: 'questions', texts: ['/texts/a.txt'] }],
  ])('with a wrong field is no request: %s in %j', (field, change) => {
    const { request, problems } = check(change)
    expect(request).toBeNull()
    expect(Object.keys(problems)).toEqual([field])
  })

  it('has the usual k of its alphabet until somebody chooses another', () => {
    const pieces = { ...emptyDraft, alphabet: 'pieces:400' }
    expect(lengthOf(emptyDraft)).toBe(12)
    expect(lengthOf(pieces)).toBe(4)
    expect(lengthOf({ ...pieces, units: 'word' })).toBe(12)
    for (const k of [6, 12]) {
      expect(lengthOf({ ...pieces, k })).toBe(k)
      expect(check({ alphabet: 'pieces', k }).request).toMatchObject({ k })
    }
    expect(check({ alphabet: 'pieces' }).request).toMatchObject({ k: 4 })
  })

  it('names the limits of the contract', () => {
    expect(check({ epochs: '5000' }).problems.epochs).toContain('1,000')
  })

  it('knows which advanced fields were changed', () => {
    expect(changedAdvancedFields(emptyDraft)).toEqual([])
    const changed = { tokens: '5000', seed: '3', precision: 'int4', keepCache: true } as const
    expect(changedAdvancedFields({ ...emptyDraft, ...changed })).toEqual(['seed', 'precision', 'keepCache'])
  })

  it('survives storage as it is', () => {
    expect(draftSchema.parse(JSON.parse(JSON.stringify(emptyDraft)))).toEqual(emptyDraft)
  })
})
