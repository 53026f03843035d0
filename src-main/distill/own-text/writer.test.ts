import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBaseHead, type BaseHead } from '../../decode/chooser.ts'
import { probabilitiesOf } from '../../decode/sampling.ts'
import { chiSquare, chiSquareBound } from '../../decode/testing/chi-square.ts'
import { CancelledError } from '../../base/errors.ts'
import { float16ToFloat32 } from '../../formats/half.ts'
import type { Tokenizer } from '../../tokenizer/index.ts'
import { openBaseModel, openModelTokenizer, type BaseModel } from '../../models/base-model.ts'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'
import { createTrunkSession, type TrunkSession } from '../../models/trunk-session.ts'
import type { WrittenPositions } from '../teacher-chunk.ts'
import type { ConversationPieces } from './conversation-pieces.ts'
import { nucleus } from './draw.ts'
import { openingTokens } from './sequence.ts'
import { createOwnTextWriter, type WriterOptions } from './writer.ts'
import { writeOwnText } from '../testing/write-own-text.ts'

const sequences = 8
const tokens = 64
const defaults = { sequences, tokens, seed: 5, answers: 'sampled', questions: null } as const

let model: BaseModel
let tokenizer: Tokenizer
let trunk: TrunkSession
let head: BaseHead
/** Short sentences: a question ends with a question mark, an answer with a full stop. */
let chat: ConversationPieces
let story: ConversationPieces
beforeAll(async () => {
  model = await openBaseModel(modelFolder(sampleModelName))
  tokenizer = await openModelTokenizer(model)
  trunk = await createTrunkSession(model)
  head = await createBaseHead(model)
  const [begin, stop] = [model.architecture.beginToken!, tokenizer.encode('.')[0]!]
  const between = tokenizer.encode(', and the frog said:')
  chat = {
    kind: 'chat',
    prefix: [begin, ...tokenizer.encode('Once upon a time, a hedgehog asked:')],
    between,
    questionEnd: between.slice(0, 1),
    stops: [begin, stop],
  }
  story = { kind: 'document', prefix: [begin], between: [], questionEnd: [], stops: [begin] }
})
afterAll(async () => {
  await trunk.release()
  await head.release()
})

async function write(
  pieces: ConversationPieces,
  options: Partial<WriterOptions> = {},
  rounds: readonly number[] = [0],
): Promise<WrittenPositions[]> {
  const writer = await createOwnTextWriter(model, tokenizer, pieces, { ...defaults, ...options })
  const written = []
  try {
    for (const round of rounds) written.push(await writer.write(round))
  } finally {
    await writer.release()
  }
  return written
}

/** Conversations of a round: where each begins and ends (exclusive), and whether it was ended. */
function conversationsOf({ starts }: WrittenPositions) {
  const found: { start: number; end: number; isEnded: boolean }[] = []
  for (let start = 0, end = 1; end <= starts.length; end++)
    if (end === starts.length || starts[end] === end) {
      found.push({ start, end, isEnded: end % tokens !== 0 })
      start = end
    }
  return found
}

/** The logits of each position of a conversation, read by itself after what stands before it. */
async function readAlone(before: readonly number[], own: Int32Array) {
  const d = model.architecture.hiddenSize
  const hidden = (await trunk.forward(Int32Array.from([...before, ...own]), trunk.createCache())).slice(
    before.length * d,
  )
  const logits = await head.logits(hidden)
  const size = logits.length / own.length
  return { hidden, logits: Array.from(own, (_, i) => logits.subarray(i * size, (i + 1) * size)) }
}

describe('text that a model writes itself', () => {
  it('is the same whenever a round is written, and another in each round and with each seed', async () => {
    const [first, second] = await write(chat, {}, [0, 1])
    expect(await write(chat, {}, [1, 0])).toEqual([second, first])
    expect(second!.ids).not.toEqual(first!.ids)
    const [other] = await write(chat, { seed: 6 })
    expect(other!.ids).not.toEqual(first!.ids)
  })

  it('does not depend on how many sequences are computed at once', async () => {
    const [whole] = await write(chat)
    const [parts] = await write(chat, { sequencesAtOnce: 2 })
    expect(parts!.ids).toEqual(whole!.ids)
    expect(parts!.starts).toEqual(whole!.starts)
  })

  it.each(['chat', 'story'] as const)(
    'comes with the states, choices and sums of a plain pass over each conversation (%s)',
    async (name) => {
      const pieces = { chat, story }[name]
      const [written] = await write(pieces)
      const { hidden, choices, logZ, ids } = written!
      const d = model.architecture.hiddenSize
      const conversations = conversationsOf(written!)
      for (const { start, end } of conversations) {
        const alone = await readAlone(pieces.prefix.slice(0, -1), ids.subarray(start, end))
        const states = float16ToFloat32(hidden.subarray(start * d, end * d))
        const difference = states.reduce(
          (max, value, i) => Math.max(max, Math.abs(value - alone.hidden[i]!) / (1 + Math.abs(value))),
          0,
        )
        expect(difference).toBeLessThan(1e-3)
        alone.logits.forEach((logits, i) => {
          const total = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0))
          expect(logZ[start + i]).toBeCloseTo(total, 3)
          const best = logits.reduce((max, logit) => Math.max(max, logit), -Infinity)
          expect(logits[choices[start + i]!]).toBeGreaterThan(best - 1e-3)
        })
      }
      // Some began after others within their sequence.
      if (name === 'chat') expect(conversations.length).toBeGreaterThan(sequences + 4)
    },
  )

  it('is questions, what stands between, and answers', async () => {
    const [written] = await write(chat)
    const { ids, inAnswer, starts } = written!
    const { prefix, between, stops } = chat
    let answered = 0
    for (const { start, end, isEnded } of conversationsOf(written!)) {
      expect(ids[start]).toBe(prefix.at(-1))
      for (let i = start; i < end; i++) expect(starts[i]).toBe(start)
      const answerAt = inAnswer.subarray(start, end).indexOf(1)
      if (answerAt < 0) {
        expect(isEnded).toBe(false)
        continue
      }
      answered++
      // The position before an answer's first token is that of the last one between.
      const first = start + answerAt
      expect([...ids.subarray(first + 1 - between.length, first + 1)]).toEqual(between)
      const question = ids.subarray(start + 1, first + 1 - between.length)
      expect(question.length).toBeGreaterThan(0)
      expect(question.some((token) => stops.includes(token))).toBe(false)
      expect(inAnswer.subarray(first, end).every((is) => is === 1)).toBe(true)
      expect(ids.subarray(first + 1, end).some((token) => stops.includes(token))).toBe(false)
    }
    expect(answered).toBeGreaterThan(8)
  })

  it('is a document’s opening and the rest where there is no template', async () => {
    const [written] = await write(story)
    for (const { start, end } of conversationsOf(written!)) {
      expect(written!.ids[start]).toBe(story.prefix[0])
      expect(written!.inAnswer.subarray(start, end).indexOf(1)).toBe(
        end - start > openingTokens ? openingTokens : -1,
      )
    }
  })

  it('has tokens in their shares of the model’s own distribution', async () => {
    const rounds = Array.from({ length: 40 }, (_, i) => i)
    const written = await write(story, { sequences: 32, tokens: 2 }, rounds)
    const { logits } = await readAlone([], Int32Array.from(story.prefix))
    const shares = cutShares(logits[0]!)
    const counts = Array<number>(shares.length).fill(0)
    for (const { ids } of written) for (let i = 1; i < ids.length; i += 2) counts[ids[i]!]!++
    // Pearson's test wants no class that is hardly ever expected.
    const draws = 32 * rounds.length
    const common = shares.flatMap((share, token) => (share * draws >= 5 ? [token] : []))
    const rest = (of: readonly number[]) =>
      of.reduce((sum, value, token) => (common.includes(token) ? sum : sum + value), 0)
    const grouped = (of: readonly number[]) => [...common.map((token) => of[token]!), rest(of)]
    expect(common.length).toBeGreaterThan(5)
    expect(counts.every((count, token) => count === 0 || shares[token]! > 0)).toBe(true)
    expect(chiSquare(grouped(counts), grouped(shares))).toBeLessThan(chiSquareBound(grouped(shares)))
  })

  it('has greedy answers that are those of one text by itself', async () => {
    const [written] = await write(chat, { answers: 'greedy' })
    const { ids, inAnswer, choices } = written!
    let compared = 0
    for (const { start, end } of conversationsOf(written!)) {
      const first = start + inAnswer.subarray(start, end).indexOf(1)
      if (first < start) continue
      const cache = trunk.createCache()
      let read = Int32Array.from([...chat.prefix.slice(0, -1), ...ids.subarray(start, first + 1)])
      for (let i = first; i < end; i++) {
        const { hidden } = await trunk.forwardLastPosition(read, cache, 'none')
        const token = await head.greedy(hidden)
        expect(choices[i]).toBe(token)
        if (i + 1 < end) expect(ids[i + 1]).toBe(token)
        read = Int32Array.of(token)
        compared++
      }
    }
    expect(compared).toBeGreaterThan(100)
  })

  it.each([
    { name: 'that begin with any token', prefix: [] },
    { name: 'that begin as the tokenizer’s do', prefix: [0, 0] },
  ])('has plain texts $name among its conversations', async ({ prefix }) => {
    const [plain] = await write(chat)
    const plainTexts = { every: sequences, prefix }
    const [mixed, next] = await write(chat, { plainTexts }, [0, 1])
    const last = (sequences - 1) * tokens
    expect(mixed!.ids.subarray(0, last)).toEqual(plain!.ids.subarray(0, last))
    expect(await write(chat, { plainTexts, sequencesAtOnce: 2 }, [1, 0])).toMatchObject([
      { ids: next!.ids, starts: next!.starts },
      { ids: mixed!.ids, starts: mixed!.starts },
    ])

    const written = conversationsOf(mixed!).filter(({ start }) => start >= last)
    expect(written.some(({ start, end }) => end - start > prefix.length + 8)).toBe(true)
    const d = model.architecture.hiddenSize
    for (const { start, end } of written) {
      const own = mixed!.ids.subarray(start, end)
      expect([...own.subarray(0, prefix.length)]).toEqual(prefix.slice(0, own.length))
      expect(own.subarray(prefix.length).some((token) => tokenizer.entries[token]!.special)).toBe(false)
      const { hidden } = await readAlone([], own)
      const states = float16ToFloat32(mixed!.hidden.subarray(start * d, end * d))
      states.forEach((value, i) =>
        expect(Math.abs(value - hidden[i]!)).toBeLessThan(2e-3 * (1 + Math.abs(value))),
      )
    }
    expect(next!.ids.subarray(last)).not.toEqual(mixed!.ids.subarray(last))
  })

  it('begins plain texts with all tokens but special ones', async () => {
    const plainTexts = { every: 1, prefix: [] }
    const rounds = Array.from({ length: 20 }, (_, i) => i)
    const written = await write(chat, { plainTexts, sequences: 64, tokens: 1 }, rounds)
    const begun = written.flatMap(({ ids }) => [...ids])
    expect(begun.some((token) => tokenizer.entries[token]!.special)).toBe(false)
    // Of n draws among m tokens, m (1 − (1 − 1/m)ⁿ) different ones are expected.
    const ordinary = tokenizer.entries.filter(({ special }) => !special).length
    const expected = ordinary * (1 - (1 - 1 / ordinary) ** begun.length)
    expect(Math.abs(new Set(begun).size - expected)).toBeLessThan(0.1 * expected)
  })

  it('answers the questions that it is given, each of them', async () => {
    const questions = ['Where is my hat?', 'Who are you?', 'Why?', 'How old is the bear?', 'What is it?'].map(
      (question) => tokenizer.encode(question),
    )
    const [written] = await write(chat, { questions })
    const seen = new Set<number>()
    for (const { start, end } of conversationsOf(written!)) {
      const answerAt = written!.inAnswer.subarray(start, end).indexOf(1)
      if (answerAt < 0) continue
      const asked = [...written!.ids.subarray(start + 1, start + 1 + answerAt - chat.between.length)]
      const place = questions.findIndex((question) => question.join() === asked.join())
      expect(place).toBeGreaterThanOrEqual(0)
      seen.add(place)
    }
    expect(seen.size).toBe(questions.length)
  })

  it('never has a token that only pads the vocabulary', async () => {
    const known = 300
    const [written] = await write(
      { ...chat, prefix: [0, 40, 50], between: [20, 30], questionEnd: [20] },
      {},
      [0],
    )
    expect(written!.ids.some((token) => token >= known)).toBe(true)
    const writer = await createOwnTextWriter(
      model,
      { entries: tokenizer.entries, vocabularySize: known },
      { kind: 'document', prefix: [0], between: [], questionEnd: [], stops: [0] },
      defaults,
    )
    const short = await writer.write(0)
    await writer.release()
    expect(short.ids.every((token) => token < known)).toBe(true)
    expect(short.choices.every((token) => token < known)).toBe(true)
  })

  it('tells how far it is and which conversations have ended, and stops when it is asked to', async () => {
    const passes: number[] = []
    const ended: [number, number][] = []
    const [written] = await write(chat, {
      onPass: (positions) => passes.push(positions),
      onConversation: (_, start, end) => ended.push([start, end]),
    })
    expect(passes).toEqual(Array.from({ length: tokens }, (_, i) => (i + 1) * sequences))
    const expected = conversationsOf(written!).filter(({ isEnded }) => isEnded)
    expect(ended.sort(([a], [b]) => a - b)).toEqual(
      expect.arrayContaining(expected.map(({ start, end }) => [start, end])),
    )
    const controller = new AbortController()
    const stopped = write(chat, { signal: controller.signal, onPass: (n) => n === 80 && controller.abort() })
    await expect(stopped).rejects.toThrow(CancelledError)
  })

  it('comes round after round', async () => {
    const expected = await write(story, { tokens: 4 }, [3, 4])
    const rounds = []
    for await (const round of writeOwnText(model, tokenizer, story, {
      ...defaults,
      tokens: 4,
      firstRound: 3,
    })) {
      rounds.push(round)
      if (rounds.length === 2) break
    }
    expect(rounds).toEqual(expected)
  })
})

/** The softmax, cut as draws are, for which it need not be normalised again. */
function cutShares(logits: Float32Array): number[] {
  const shares = probabilitiesOf(logits, { temperature: 1, topK: 256, seed: 0 })
  const whole = probabilitiesOf(logits, { temperature: 1, seed: 0 })
  const order = Array.from(whole.keys()).sort((a, b) => whole[b]! - whole[a]!)
  let reached = 0
  const cut = [...shares]
  for (const token of order) {
    if (reached > nucleus) cut[token] = 0
    reached += whole[token]!
  }
  // A document doesn't end where it begins.
  cut[0] = 0
  return cut
}
