import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConversionSettings } from '../../conversion/settings.ts'
import { engineErrorOf, untilStatus } from '../testing/client.ts'
import { openEngine, type OpenEngine } from '../testing/open-engine.ts'
import { writeShortModel } from '../testing/short-model.ts'
import { otherKind, withGroups } from './other-kind.ts'
import type { StoredRun } from './stored-runs.ts'

const sha256 = '5'.repeat(64)

/** A finished run as its folder has it. */
function stored(
  id: string,
  speedup: number | null,
  changes: {
    readonly alphabet?: string
    readonly precision?: 'int8'
    readonly tokenSymbols?: number
    readonly sha256?: string
    readonly sameText?: boolean
    readonly textSeconds?: number | null
    readonly anchor?: number
  } = {},
): StoredRun {
  const { sameText = true, textSeconds = 600, sha256: hash = sha256, ...settings } = changes
  return {
    summary: {
      id: crypto.randomUUID(),
      folder: `/runs/${id}`,
      status: 'finished',
      created: '2026-03-01T00:00:00Z',
      settings: JSON.parse(
        JSON.stringify({ ...parseConversionSettings({ base: 'm', ...settings }), device: 'cpu' }),
      ) as null,
      base: { path: '/models/m', sha256: hash },
      environment: {},
      step: 720,
    },
    result: {
      agreement: { trie: 0.97, free: 0.93, positions: 22_537 },
      tokens: 122_880,
      steps: 720,
      seconds: 1_080,
      textSeconds,
      k: 12,
      alphabetSize: 258,
      loss: 1.6,
      parameters: { tail: 2_781_720, baseHead: 28_311_552 },
      tokenSymbols: 4_111,
      tailShare: 0.12,
      verdict: { mode: 'lossless', speedup, sameText },
      source: null,
    },
  }
}

const groups = { alphabet: 'groups' }
const characters = stored('characters', 1.12)

describe('beside a run that spells', () => {
  const offered = { isOffered: true }

  it('learned groups are offered for what its text does not take', () => {
    expect(otherKind(characters, [characters], offered)).toEqual({ measured: null, offer: { seconds: 480 } })
    const older = stored('older', 1.12, { textSeconds: null })
    expect(otherKind(older, [older], offered).offer).toEqual({ seconds: null })
  })

  it('nothing is offered without its text, nor for tokens that are all spelled', () => {
    expect(otherKind(characters, [], { isOffered: false }).offer).toBeNull()
    expect(otherKind(stored('paper', 0.9, { tokenSymbols: 0 }), [], offered).offer).toBeNull()
  })

  it('a run with pieces is another kind, and leaves groups to be tried', () => {
    const pieces = stored('pieces', 1.1, { alphabet: 'pieces' })
    expect(otherKind(characters, [characters, pieces], offered)).toEqual({
      measured: { own: 'spelling', other: { id: 'pieces', kind: 'pieces', speedup: 1.1 } },
      offer: { seconds: 480 },
    })
    expect(otherKind(pieces, [pieces, stored('groups', 1.14, groups)], offered)).toEqual({
      measured: { own: 'pieces', other: { id: 'groups', kind: 'groups', speedup: 1.14 } },
      offer: null,
    })
  })

  it('the fastest comparable run of another kind is what was measured', () => {
    const all = [
      characters,
      stored('faster', 1.5),
      stored('slow', 1.1, groups),
      stored('best', 1.14, { alphabet: 'groups:512:4' }),
      stored('other precision', 2, { ...groups, precision: 'int8' }),
      stored('other base', 2, { ...groups, sha256: '6'.repeat(64) }),
      stored('other text', 2, { ...groups, sameText: false }),
      stored('too short', null, groups),
    ]
    expect(otherKind(characters, all, offered)).toEqual({
      measured: { own: 'spelling', other: { id: 'best', kind: 'groups', speedup: 1.14 } },
      offer: null,
    })
    expect(otherKind(stored('mine', 1.14, groups), all, offered).measured).toEqual({
      own: 'groups',
      other: { id: 'faster', kind: 'spelling', speedup: 1.5 },
    })
  })

  it('groups are learnt with all else the same', () => {
    const { settings } = characters.summary as { settings: object }
    expect(withGroups(characters)).toEqual({
      ...settings,
      base: '/models/m',
      alphabet: 'groups',
      k: 1,
      textOf: '/runs/characters',
    })
    expect(withGroups(stored('characters', 1.12, { anchor: 0 }))).toMatchObject({ anchor: 0.5 })
    expect(withGroups(stored('groups already', 1, groups))).toBeNull()
    expect(withGroups(stored('paper', 1, { tokenSymbols: 0 }))).toBeNull()
  })
})

describe('one click', () => {
  let scratch = ''
  let opened: OpenEngine
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'spellm-other-kind-'))
    opened = await openEngine({ dataFolder: join(scratch, 'data') })
  })
  afterAll(async () => {
    await opened.close()
    await rm(scratch, { recursive: true, force: true })
  })

  it('begins a run with learned groups on the text of a finished one', async () => {
    const { runs } = opened.client
    const base = join(scratch, 'model')
    await writeShortModel(base, { max_position_embeddings: 32 })
    const questions = join(scratch, 'questions.txt')
    await writeFile(
      questions,
      ['Who is it?', 'Why?', 'Where is the hat?', 'How old?', 'Is it far?'].join('\n'),
    )
    const request = { base, texts: [], questions: [questions], tokens: 1_000, adapterWidths: [16], epochs: 1 }
    await runs.start({ name: 'first', request: { ...request, batchTokens: 256, device: 'cpu' } })
    await untilStatus(opened.client, 'first', 'finished', 'failed')
    const { offer } = await runs.otherKind({ id: 'first' })
    expect(offer!.seconds).toBeGreaterThan(0)

    const started = await runs.learnGroups({ id: 'first' })
    expect(started).toMatchObject({ id: 'first-groups', settings: { alphabet: 'groups', k: 1 } })
    expect((await runs.otherKind({ id: 'first' })).offer).toBeNull()
    expect(await engineErrorOf(runs.learnGroups({ id: 'first-groups' }))).toMatchObject({
      code: 'run-status',
    })
    const finished = await untilStatus(opened.client, 'first-groups', 'finished', 'failed')
    expect(finished).toMatchObject({ status: 'finished', settings: { questions: [questions] } })
    expect(finished.result!.textSeconds).toBeLessThan(1)
  }, 300_000)
})
