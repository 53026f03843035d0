import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { writeSymbolSpellm } from '../decode/testing/symbol-spellm.ts'
import { lastLine, spellm } from '../engine/testing/cli.ts'

const share = z.number().min(0).max(1)
const accuracy = z.object({ acc: share, low: share, high: share })
const modeSchema = z.strictObject({
  mode: z.string(),
  agreement: share,
  agreementNoLoops: share.nullable(),
  spelled: z
    .strictObject({ share, agreement: share.nullable(), agreementNoLoops: share.nullable() })
    .nullable(),
  bytesShare: z.number().positive(),
  texts: z.literal(3),
  identicalTexts: z.int(),
  trunkPasses: z.number().positive(),
  headPasses: z.number().min(0),
  rows: z.number().min(1).nullable(),
})
const schema = z.looseObject({
  modes: z.array(modeSchema),
  perplexity: z.number().positive(),
  basePerplexity: z.number().min(1),
  normaliserError: z.strictObject({ mean: z.number(), deviation: z.number().positive() }),
  tasks: z.array(z.looseObject({ name: z.string(), base: accuracy, spellm: accuracy })),
  baselines: z.array(
    z.strictObject({
      name: z.string(),
      bytesShare: share,
      positions: z.int(),
      agreement: share,
      agreementNoLoops: share,
    }),
  ),
})

let scratch = ''
let folder = ''
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-eval-'))
  folder = join(scratch, 'spellm')
  await writeSymbolSpellm(folder)
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

describe('spellm eval of a SpeLLM with token symbols', () => {
  it('has modes, perplexities, tasks and baselines under their names', async () => {
    const tasks = join(scratch, 'tasks.jsonl')
    await writeFile(tasks, JSON.stringify({ context: 'Once upon a', choices: ['time', 'qwx'], answer: 0 }))
    const page = join(scratch, 'page.html')
    const asked = ['--positions', '600', '--rollouts', '3', '--tasks', tasks, '--baselines', '--report', page]
    const finished = await spellm(['eval', folder, ...asked, '--json'])
    expect(finished.code, finished.stderr).toBe(0)
    const found = schema.parse(lastLine(finished))

    expect(found.modes.map(({ mode }) => mode)).toEqual(['lossless', 'gated', 'trie', 'free'])
    const [lossless, gated, trie] = found.modes
    expect(lossless).toMatchObject({ agreement: 1, agreementNoLoops: null, identicalTexts: 3 })
    // A verified state is one that the trunk has read.
    expect(lossless!.headPasses * lossless!.rows!).toBeCloseTo(lossless!.trunkPasses, 6)
    expect(lossless!.bytesShare).toBeGreaterThan(lossless!.headPasses)
    expect(gated!.agreement).toBeLessThan(1)
    expect(gated!.spelled).toBeNull()
    expect(trie!.spelled).not.toBeNull()
    expect(trie).toMatchObject({ headPasses: 0, rows: null, trunkPasses: 1 })
    expect(found.tasks).toMatchObject([{ name: 'tasks.jsonl', base: { acc: 1 } }])
    const names = found.baselines.map(({ name }) => name)
    expect([...new Set(names)]).toEqual(['trimmed', 'trimmed+context', 'clusters', 'low-rank', 'int8'])
    expect(names).toHaveLength(13)
    expect(await readFile(page, 'utf8')).toContain('learnt log-normaliser')

    const documentation = await readFile(join(import.meta.dirname, '../../docs/evaluation.md'), 'utf8')
    for (const name of [
      ...Object.keys(found),
      ...Object.keys(lossless!),
      ...Object.keys(found.baselines[0]!),
      ...names,
    ])
      expect(documentation).toContain(`\`${name}\``)
  })

  it('says it to people, and what only one mode takes', async () => {
    const finished = await spellm([
      'eval',
      folder,
      '--positions',
      '600',
      '--rollouts',
      '0',
      '--mode',
      'gated',
    ])
    expect(finished.code, finished.stderr).toBe(0)
    expect(finished.stdout).toMatch(/gated, [\d.]+ % by the base/)
    expect(finished.stdout).toMatch(/by its learnt log-normaliser[^]*error, mean and deviation/)
    expect(finished.stdout).not.toMatch(/in place of the LM head/)
  })
})
