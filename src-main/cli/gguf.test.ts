import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { lastLine, spellm } from '../engine/testing/cli.ts'

const testing = join(import.meta.dirname, '../models/testing/gguf')
const file = join(testing, 'llama-q4_1.gguf')

it('a GGUF file is taken where a model is asked for', async () => {
  const card = await spellm(['inspect', file])
  expect(card.code, card.stderr).toBe(0)
  expect(card.stdout).toContain('in Q4_1, computed with in float32')
  expect(lastLine(await spellm(['inspect', file, '--json']))).toMatchObject({
    architecture: 'llama',
    dtype: 'Q4_1',
    source: 'Q4_1',
    supported: true,
  })

  const expected = JSON.parse(await readFile(join(testing, 'expected.json'), 'utf8')) as Record<
    string,
    { tokens: number[]; logits: number[][] }
  >
  const { tokens, logits } = expected['llama-q4_1']!
  const printed = await spellm(['logits', file, '--tokens', tokens.join(), '--json'])
  expect(printed.code, printed.stderr).toBe(0)
  const actual = (lastLine(printed) as { logits: number[] }).logits
  const wanted = logits.at(-1)!
  expect(Math.max(...actual.map((logit, i) => Math.abs(logit - wanted[i]!)))).toBeLessThan(1e-3)

  const text = ['--prompt', 'ab', '--max-tokens', '8', '--device', 'cpu', '--json']
  for (const precision of ['stored', 'kept', 'int8']) {
    const written = await spellm(['generate', file, ...text, '--precision', precision])
    expect(written.code, written.stderr).toBe(0)
  }
  const refused = await spellm(['chat', file, '--device', 'cpu'], { input: 'Hi\n' })
  expect(refused.code).not.toBe(0)
  expect(refused.stderr).toContain('no chat template')
}, 120_000)
