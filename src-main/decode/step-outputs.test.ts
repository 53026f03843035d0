import { expect, it, vi } from 'vitest'
import { initialTail } from '../distill/distill.ts'
import { openBaseModel, openModelTokenizer } from '../models/base-model.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { openHeadRows } from '../models/head-rows.ts'
import { createTrunkSession } from '../models/trunk-session.ts'
import { parseAlphabet } from '../spelling/alphabet.ts'
import { buildSpeller } from '../spelling/speller.ts'
import { baseChooser, createBaseHead, freeChooser, trieChooser } from './chooser.ts'
import { gatedChooser } from './gated.ts'
import { newKvContext, readTokens } from './generate.ts'
import { shortlistChooser } from './shortlist.ts'
import { createTailSession, tailOf, tailShape } from '../spellm/tail-session.ts'

/** Elements of each output, which onnxruntime copies into a buffer of ours. */
const copied = vi.hoisted((): number[] => [])

vi.mock(import('../runtime/session.ts'), async (importOriginal) => {
  const original = await importOriginal()
  return {
    ...original,
    createSession: async (...args) => {
      const session = await original.createSession(...args)
      return {
        ...session,
        run: async (...feeds) => {
          const results = await session.run(...feeds)
          copied.push(...Object.values(results).map(({ size }) => size))
          return results
        },
      }
    },
  }
})

it('copies nothing of the size of the vocabulary or of the cache in a step, in any mode', async () => {
  const base = await openBaseModel(modelFolder(sampleModelName))
  const { entries } = await openModelTokenizer(base)
  const { hiddenSize, vocabularySize, attention } = base.architecture
  const speller = buildSpeller(entries, parseAlphabet('ascii', entries), 6)
  const shape = tailShape(hiddenSize, [16], speller)
  const weights = initialTail(shape, 1)
  const trunk = await createTrunkSession(base, { tails: { tail: tailOf(shape, weights) }, hasHead: true })
  const head = await createBaseHead(base)
  const ownTail = await createTailSession(shape, weights, speller)
  const tail = { ...ownTail, outputHead: 'tail' } as const
  const rows = openHeadRows(base)
  const kvContext = newKvContext(trunk)
  await readTokens(trunk, kvContext, [1, 2, 3], 'none')
  const stored = Object.values(kvContext.cache.feeds()).map(({ data }) => data)

  copied.length = 0
  const choosers = [
    baseChooser(head, null),
    trieChooser(tail, null),
    freeChooser(tail, () => [1], null),
    shortlistChooser(tail, rows, 8, null),
    // Each step goes to the base model's head.
    gatedChooser(tail, head, Infinity, null),
  ]
  for (const chooser of choosers) {
    const state = await readTokens(trunk, kvContext, [4], chooser.outputHead)
    await chooser.choose(state, kvContext.tokens)
  }
  const { length: layers } = base.architecture.layers
  const largest = Math.max(
    hiddenSize,
    2 * layers * attention.keyValueHeads * attention.headSize,
    shape.k * shape.alphabetSize,
  )
  expect(largest).toBeLessThan(vocabularySize)
  expect(Math.max(...copied)).toBe(largest)
  // The trunk's states, keys and values with a token or the heads' scores; gated mode's token from the LM head.
  expect(copied).toHaveLength(5 * 2 + 6)
  // The cache stays where it is.
  for (const [i, { data }] of Object.values(kvContext.cache.feeds()).entries()) expect(data).toBe(stored[i])

  rows.close()
  for (const session of [trunk, head, tail]) await session.release()
})
