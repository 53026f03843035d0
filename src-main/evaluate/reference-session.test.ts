import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createBaseHead } from '../decode/chooser.ts'
import { newKvContext, prepareContext } from '../decode/generate.ts'
import type { TailSession } from '../spellm/tail-session.ts'
import { openBaseModel, type BaseModel } from '../models/base-model.ts'
import { createTrunkSession } from '../models/trunk-session.ts'
import { alphabetSize, customAlphabet } from '../spelling/alphabet.ts'
import { buildSpeller } from '../spelling/speller.ts'
import { ordinary } from '../spelling/testing/vocabulary.ts'
import { createPerplexityMeter } from './perplexity.ts'
import { createReferenceSession } from './reference-session.ts'
import { createSequenceScorer } from './tasks/sequence-scorer.ts'

const caseSchema = z.object({
  tokens: z.array(z.array(z.int())),
  logProbabilities: z.array(z.number()),
  perplexity: z.number(),
  pairs: z.array(
    z.object({
      context: z.array(z.int()),
      continuation: z.array(z.int()),
      logLikelihood: z.number(),
      isGreedy: z.boolean(),
    }),
  ),
})
const cases = z
  .record(z.string(), caseSchema)
  .parse(JSON.parse(await readFile(join(import.meta.dirname, 'testing/likelihoods.json'), 'utf8')))

const open = (name: string) => openBaseModel(join(import.meta.dirname, '../models/testing', name))

/** A tail that is at a loss: the scorer needs one, whatever it says. */
function cluelessTail({ architecture }: BaseModel): TailSession {
  const vocabulary = Array.from({ length: architecture.vocabularySize }, (_, i) => ordinary(`${i}`))
  const speller = buildSpeller(vocabulary, customAlphabet('0123456789', vocabulary), 5)
  const size = alphabetSize(speller.alphabet)
  return {
    speller,
    outputHead: 'none',
    logProbabilities: (hidden) => {
      const rows = hidden.length / architecture.hiddenSize
      return Promise.resolve(new Float32Array(rows * speller.k * size).fill(-Math.log(size)))
    },
    release: () => Promise.resolve(),
  }
}

describe.each(Object.entries(cases))('%s, as transformers has it:', (name, expected) => {
  it('the log-probability of each token, and the perplexity', async () => {
    const base = await open(name)
    const [batch, tokens] = [expected.tokens.length, expected.tokens[0]!.length]
    const session = await createReferenceSession(base, { batch, tokens })
    const reading = await session.read(Int32Array.from(expected.tokens.flat()))
    await session.release()
    const meter = createPerplexityMeter()
    const found = expected.tokens.flatMap((_, window) => {
      const own = [...reading.nextLogProbabilities.subarray(window * tokens, (window + 1) * tokens - 1)]
      for (const value of own) meter.add(window, value)
      return own
    })
    expect(found).toHaveLength(expected.logProbabilities.length)
    found.forEach((value, i) => expect(value).toBeCloseTo(expected.logProbabilities[i]!, 4))
    const { perplexity, tokens: counted } = meter.result()
    expect(perplexity.value / expected.perplexity).toBeCloseTo(1, 4)
    expect(counted).toBe(batch * (tokens - 1))
  })

  it('the log-likelihood of continuations, and whether they are greedy', async () => {
    const base = await open(name)
    const trunk = await createTrunkSession(base)
    const head = await createBaseHead(base)
    const scorer = createSequenceScorer(trunk, head, cluelessTail(base))
    const kvContext = newKvContext(trunk)
    for (const { logLikelihood, isGreedy, ...pair } of expected.pairs) {
      const { base: found } = await scorer.score(pair, kvContext)
      expect(found.logLikelihood).toBeCloseTo(logLikelihood, 3)
      expect(found.isGreedy).toBe(isGreedy)
    }
    await trunk.release()
    await head.release()
  })

  it('hidden states and choices that single steps have too', async () => {
    const base = await open(name)
    const tokens = expected.tokens[0]!
    const session = await createReferenceSession(base, { batch: 1, tokens: tokens.length })
    const { hidden, choices } = await session.read(Int32Array.from(tokens))
    await session.release()
    const trunk = await createTrunkSession(base)
    const head = await createBaseHead(base)
    const readLast = await prepareContext(trunk, newKvContext(trunk), tokens, 'none')
    const { hidden: last } = await readLast()
    last.forEach((value, i) => expect(hidden[(tokens.length - 1) * last.length + i]).toBeCloseTo(value, 3))
    expect(await head.greedy(last)).toBe(choices.at(-1))
    await trunk.release()
    await head.release()
  })
})
