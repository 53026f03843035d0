import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { newKvContext } from '../../decode/generate.ts'
import { writeSymbolSpellm } from '../../decode/testing/symbol-spellm.ts'
import { createTextGenerator, modelOfSpellm, type TextGenerator } from '../../decode/text-generator.ts'
import { openHeadRows, type HeadRows } from '../../models/head-rows.ts'
import { alphabetSize } from '../../spelling/alphabet.ts'
import { firstSymbolsOf } from '../../spelling/speller.ts'
import { openSpellm, type Spellm } from '../../spellm/spellm.ts'
import { collect } from '../../runs/testing/collect.ts'
import { createSymbolReader, type SymbolReader } from '../symbol-text.ts'
import { createSymbolScorer } from './symbol-scorer.ts'

let scratch = ''
let spellm: Spellm
let generator: TextGenerator
let rows: HeadRows
let reader: SymbolReader
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-symbol-scorer-'))
  await writeSymbolSpellm(scratch)
  spellm = await openSpellm(scratch)
  generator = await createTextGenerator(modelOfSpellm(scratch, spellm))
  rows = openHeadRows(spellm.base)
  reader = await createSymbolReader(spellm, rows, 'cpu')
})
afterAll(async () => {
  await reader.release()
  rows.close()
  await generator.release()
  await rm(scratch, { recursive: true, force: true })
})

const open = async () => {
  const { trunk, head } = await generator.sessions()
  return { trunk, head, scorer: createSymbolScorer(trunk, head, reader) }
}
/** Of a tail with one block, the slow way in float64: the learnt scores [A] of the first head. */
function learntScores(hidden: Float32Array): number[] {
  const d = hidden.length
  const weights = (name: string) => spellm.weights.get(name)!
  const normalised = (values: readonly number[]) => {
    const square = values.reduce((sum, value) => sum + value * value, 0) / d
    return values.map((value) => value / Math.sqrt(square + 1e-6))
  }
  const product = (matrix: Float32Array, vector: readonly number[], row: number) =>
    vector.reduce((sum, value, i) => sum + value * matrix[row * vector.length + i]!, 0)
  const [width] = spellm.adapterWidths
  const x = normalised([...hidden])
  const inner = Array.from({ length: width! }, (_, row) => {
    const gate = product(weights('adapter.0.gate.weight'), x, row)
    return (gate / (1 + Math.exp(-gate))) * product(weights('adapter.0.up.weight'), x, row)
  })
  const down = weights('adapter.0.down.weight')
  const features = normalised([...hidden].map((value, row) => value + product(down, inner, row)))
  return Array.from(
    { length: alphabetSize(spellm.speller.alphabet) },
    (_, symbol) => product(weights('heads.weight'), features, symbol) + weights('heads.bias')[symbol]!,
  )
}

it('scores a token by its exact logit less the learnt log-normaliser', async () => {
  const { trunk, head, scorer } = await open()
  const context = generator.promptTokens('Once upon a time, there was')
  // A token symbol, and tokens that are none.
  const continuation = [320, 2_500, 4_000]
  const { base, spellm: found } = await scorer.score({ context, continuation }, newKvContext(trunk))

  const d = spellm.base.architecture.hiddenSize
  const states = await trunk.forward(Int32Array.from([...context, ...continuation]), trunk.createCache())
  const { firstSymbol } = firstSymbolsOf(spellm.speller)
  let expected = 0
  let ofBase = 0
  for (const [i, token] of continuation.entries()) {
    const at = context.length - 1 + i
    const hidden = states.slice(at * d, (at + 1) * d)
    const exact = (id: number) => rows.read([id]).reduce((sum, weight, j) => sum + weight * hidden[j]!, 0)
    const symbols = spellm.speller.alphabet.tokenSymbols!
    const read = [...context, ...continuation.slice(0, i)]
    const held = [...new Set(read)].filter((id) => !symbols.includes(id))
    const scores = [...symbols, ...held].map(exact)
    const best = Math.max(...scores)
    // Of what was learnt, what the context's tokens don't explain, unless it is next to nothing.
    const anchored = spellm.anchor * Math.log(symbols.reduce((sum, id) => sum + Math.exp(exact(id)), 0))
    const learnt = learntScores(hidden).map((score) => Math.exp(score + anchored - best))
    for (const id of held) learnt[firstSymbol[id]!]! -= Math.exp(exact(id) - best)
    const shares = [
      ...scores.map((score) => Math.exp(score - best)),
      ...learnt.filter((share) => share > 1e-4),
    ]
    expected += exact(token) - best - Math.log(shares.reduce((sum, share) => sum + share, 0))
    const logits = await head.logits(hidden)
    ofBase += exact(token) - Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0))
  }
  expect(found.logLikelihood).toBeCloseTo(expected, 3)
  expect(base.logLikelihood).toBeCloseTo(ofBase, 3)
})

it('calls greedy what trie mode writes, and nothing else', async () => {
  const { trunk, scorer } = await open()
  for (const prompt of ['Once upon a time', 'The old bear']) {
    const context = generator.promptTokens(prompt)
    const options = { mode: 'trie', candidates: 8, sampling: null, maxTokens: 12, stop: [] } as const
    const pieces = await collect(generator.write(prompt, generator.createKvContext(), options))
    const continuation = pieces.flatMap(({ token }) => (token === null ? [] : [token]))
    expect(continuation.length).toBeGreaterThan(3)
    const scored = await scorer.score({ context, continuation }, newKvContext(trunk))
    expect(scored.spellm.isGreedy).toBe(true)
    const other = continuation.with(-1, continuation.at(-1) === 700 ? 701 : 700)
    const wrong = await scorer.score({ context, continuation: other }, newKvContext(trunk))
    expect(wrong.spellm.isGreedy).toBe(false)
  }
})
