import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { lastLine, spellm } from '../engine/testing/cli.ts'
import { writeShortModel } from '../engine/testing/short-model.ts'

let scratch = ''
let model = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-text-of-'))
  model = join(scratch, 'model')
  await writeShortModel(model, { max_position_embeddings: 32 })
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

it('spellm convert --text-of takes what decides the text from the run that it is of', async () => {
  const small = ['--adapter', '16', '--batch', '256', '--epochs', '1', '--device', 'cpu']
  const questions = join(scratch, 'questions.txt')
  await writeFile(questions, ['Who is it?', 'Why?', 'Where is the hat?', 'How old?', 'Is it far?'].join('\n'))
  const first = join(scratch, 'first')
  const text = ['--questions', questions, '--tokens', '1000', '--seed', '7']
  const spelled = await spellm(['convert', model, '--out', first, ...text, ...small])
  expect(spelled.code, spelled.stderr).toBe(0)
  const offered = `spellm convert ${model} --out ${first}-groups --text-of ${first} --alphabet groups`
  expect(spelled.stdout).toContain(offered)

  const grouped = await spellm([...offered.split(' ').slice(1), ...small, '--json'])
  expect(grouped.code, grouped.stderr).toBe(0)
  expect(lastLine(grouped)).toMatchObject({ k: 1, out: `${first}-groups` })

  const other = ['convert', model, '--out', join(scratch, 'other'), '--text-of', first, '--seed', '8']
  const refused = await spellm([...other, ...small, '--json'])
  expect(refused.code).not.toBe(0)
  expect(lastLine(refused)).toMatchObject({
    error: { code: 'run-mismatch', message: expect.stringContaining('seed 7 there, 8 here') as string },
  })
}, 300_000)
