import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openChunk } from '../distill/teacher-chunk.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import { openBaseModel, openModelTokenizer } from '../models/base-model.ts'
import { writeShortModel } from '../engine/testing/short-model.ts'
import { convert } from './convert.ts'
import type { ConversionEvent } from './events.ts'
import { parseConversionSettings } from './settings.ts'

const small = {
  tokens: 2_000,
  k: 6,
  adapterWidths: [16],
  batchTokens: 256,
  epochs: 1,
  seed: 3,
  keepCache: true,
}
const questions = ['Who is it?', 'Why?', 'Where is the hat?', 'How old?', 'Is it far?', 'What did Tom see?']

let scratch = ''
let model = ''
let tokenizer: Tokenizer
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-asked-'))
  model = join(scratch, 'model')
  await writeShortModel(model)
  tokenizer = await openModelTokenizer(await openBaseModel(model))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

async function asked(name: string, content: string): Promise<string> {
  const path = join(scratch, name)
  await writeFile(path, content)
  return path
}

/** Of each answer in a folder of chunks, the tokens before it from its conversation's beginning on, and its own. */
async function conversations(folder: string, d: number) {
  const { shape, answers } = JSON.parse(
    await readFile(join(folder, '../../own-text.json'), 'utf8'),
  ) as Record<'shape' | 'answers', { sequences: number; tokens: number }>
  const { sequences, tokens } = folder.endsWith('training') ? shape : answers
  const found: { before: string; answer: number[]; choices: number[] }[] = []
  const chunks = (await readdir(folder)).filter((name) => name.startsWith('chunk')).length
  for (let chunk = 0; chunk < chunks; chunk++) {
    const place = { folder, chunk, positions: sequences * tokens, hiddenSize: d }
    const { ids, starts, inAnswer, choices } = (await openChunk(place)).positions
    for (let at = 0; at < ids!.length; at++) {
      if (!inAnswer![at] || (at > starts![at]! && inAnswer![at - 1])) continue
      let end = at + 1
      while (end < ids!.length && starts![end] === starts![at]) end++
      found.push({
        before: [...ids!.subarray(starts![at], at + 1)].join(),
        answer: [...ids!.subarray(at + 1, end)],
        choices: [...choices.subarray(at, end - 1)],
      })
    }
  }
  return found
}

const run = async (name: string, base: string, files: string[]) => {
  const folder = join(scratch, name)
  const events: ConversionEvent[] = []
  const settings = parseConversionSettings({ base, questions: files, ...small })
  const result = await convert(folder, settings, { onEvent: (event) => events.push(event) })
  const d = (await openBaseModel(base)).architecture.hiddenSize
  return {
    result,
    events,
    training: await conversations(join(folder, 'cache/training'), d),
    heldOut: await conversations(join(folder, 'cache/held-out'), d),
  }
}

/** Writes a model of its own that was taught to converse. */
async function writeChatModel(name: string): Promise<string> {
  const chat = join(scratch, name)
  await writeShortModel(chat)
  const template = "{% for message in messages %}<|endoftext|>{{ message['content'] }}{% endfor %} said Tom:"
  await writeFile(join(chat, 'chat_template.jinja'), template)
  return chat
}

const distinct = (found: readonly { before: string }[]) => new Set(found.map(({ before }) => before))

describe('a conversion with questions', () => {
  it('of a chat model has its template around each, the model’s answers after it, and others to measure by', async () => {
    const chat = await writeChatModel('chat')
    const file = await asked('plain.txt', questions.join('\n'))
    const { result, events, training, heldOut } = await run('chat-run', chat, [file])

    const prompts = new Set(
      questions.map((question) => tokenizer.encode(`<|endoftext|>${question} said Tom:`).join()),
    )
    expect(distinct(heldOut).size).toBe(1)
    expect(distinct(training).size).toBe(questions.length - 1)
    expect(new Set([...distinct(training), ...distinct(heldOut)])).toEqual(prompts)
    // A question that comes again has another answer, unless it is measured by.
    const [first] = training
    const again = training.filter(({ before }) => before === first!.before)
    expect(again.length).toBeGreaterThan(3)
    expect(new Set(again.map(({ answer }) => answer.join())).size).toBeGreaterThan(2)
    for (const { answer, choices } of heldOut) expect(answer).toEqual(choices)
    expect(result.verdict).toMatchObject({ mode: 'lossless', sameText: true })

    const shown = events.filter((event) => event.type === 'written')
    expect(shown.length).toBeGreaterThan(0)
    for (const { question } of shown) expect(questions).toContain(question)
    expect(shown[0]!.answer.length).toBeGreaterThan(10)
  }, 300_000)

  it('that it asks itself has plain texts beside, which begin with any token, and anchored scores', async () => {
    const chat = await writeChatModel('asking')
    const { events } = await run('asking-run', chat, [])
    const folder = join(scratch, 'asking-run')
    const { plainTexts, shape } = JSON.parse(await readFile(join(folder, 'own-text.json'), 'utf8')) as {
      plainTexts: unknown
      shape: { sequences: number; tokens: number }
    }
    const { before } = tokenizer.frame
    expect(plainTexts).toEqual({ every: 8, prefix: before })
    const given = JSON.parse(await readFile(join(scratch, 'chat-run/own-text.json'), 'utf8')) as object
    expect(given).not.toHaveProperty('plainTexts')

    const { hiddenSize } = (await openBaseModel(chat)).architecture
    const place = { folder: join(folder, 'cache/training'), chunk: 0, hiddenSize }
    const positions = shape.sequences * shape.tokens
    const { ids } = (await openChunk({ ...place, positions })).positions
    const [begin] = tokenizer.encode('<|endoftext|>')
    const firstOf = (sequence: number) => ids![sequence * shape.tokens + before.length]
    for (let sequence = 0; sequence < shape.sequences; sequence++)
      if (sequence % 8 === 7) expect(tokenizer.entries[firstOf(sequence)!]!.special).toBe(false)
      else expect(ids![sequence * shape.tokens]).toBe(begin)

    expect(JSON.parse(await readFile(join(folder, 'spellm/spellm.json'), 'utf8'))).toMatchObject({
      format: 3,
      anchor: 0.5,
    })
    expect(events).toContainEqual({
      type: 'notice',
      message:
        'No text was given: the base model asks and answers itself, and writes plain texts in between, an eighth of all.',
    })
  }, 300_000)

  it('of a model without a template continues each line', async () => {
    const file = await asked(
      'beginnings.jsonl',
      questions.map((prompt) => JSON.stringify({ prompt })).join('\n'),
    )
    const { training, heldOut } = await run('document-run', model, [file])
    const begin = (await openBaseModel(model)).architecture.beginToken!
    expect(new Set([...distinct(training), ...distinct(heldOut)])).toEqual(
      new Set(questions.map((question) => [begin, ...tokenizer.encode(question)].join())),
    )
  }, 300_000)

  it.each([
    ['one question', 'Why?\nWhy?\n', {}, /one\.txt: only one question/],
    [
      'questions that are too long',
      `${'Why did he go? '.repeat(20)}\n${'Who saw him go? '.repeat(20)}`,
      {},
      /no question is short enough/,
    ],
    [
      'a conversation',
      '{"messages":[{"role":"user","content":"A"},{"role":"assistant","content":"B"},{"role":"user","content":"C"}]}',
      { name: 'talk.jsonl' },
      /talk\.jsonl, line 1 has a conversation/,
    ],
  ])(
    'is refused %s, with nothing left behind',
    async (_, content, { name = 'one.txt' }: { name?: string }, message) => {
      const out = join(scratch, 'refused')
      const settings = parseConversionSettings({
        base: model,
        questions: [await asked(name, content)],
        ...small,
      })
      await expect(convert(out, settings, { onEvent: () => undefined })).rejects.toMatchObject({
        code: 'text-invalid',
        message: expect.stringMatching(message) as string,
      })
      expect(await readdir(scratch)).not.toContain('refused')
    },
  )

  it.each([
    ['a text', { texts: ['a.txt'] }],
    ['tails that spell every token', { tokenSymbols: 0 }],
    ['words', { units: 'word' as const }],
  ])('is not one with %s', (_, settings) => {
    expect(() => parseConversionSettings({ base: model, questions: ['q.txt'], ...settings })).toThrow(
      /'?questions/,
    )
  })
})
