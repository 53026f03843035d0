import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readQuestions, type Question } from './question-file.ts'

let scratch = ''
beforeAll(async () => (scratch = await mkdtemp(join(tmpdir(), 'spellm-questions-'))))
afterAll(() => rm(scratch, { recursive: true, force: true }))

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(scratch, name)
  await writeFile(path, content)
  return path
}

async function read(...paths: string[]): Promise<Question[]> {
  const questions: Question[] = []
  for await (const question of readQuestions(paths)) questions.push(question)
  return questions
}

const user = (content: string) => ({ role: 'user', content })

describe('a file of questions', () => {
  it('has one in each line that is not blank', async () => {
    const path = await write('plain.txt', '\ufeffWho are you?\r\n\r\n  Why? \nWhat is "{"?')
    expect(await read(path)).toEqual([
      { messages: [user('Who are you?')], place: `${path}, line 1` },
      { messages: [user('Why?')], place: `${path}, line 3` },
      { messages: [user('What is "{"?')], place: `${path}, line 4` },
    ])
  })

  it('as JSONL has questions, prompts, or conversations up to the last message of the user', async () => {
    const conversation = [
      { role: 'system', content: 'Be brief.' },
      user('Hello'),
      { role: 'assistant', content: 'Hi' },
      user('Why?'),
    ]
    const lines = [
      { question: 'Who?', id: 7 },
      { prompt: 'Write\na poem.', question: null },
      { messages: [...conversation, { role: 'assistant', content: 'Because.' }] },
    ]
    const path = await write('lines.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'))
    expect((await read(path)).map(({ messages }) => messages)).toEqual([
      [user('Who?')],
      [user('Write\na poem.')],
      conversation,
    ])
  })

  it('comes after another', async () => {
    const paths = [await write('a.txt', 'A?\n'), await write('b.jsonl', '{"prompt":"B?"}\n')]
    expect((await read(...paths)).map(({ messages }) => messages[0]!.content)).toEqual(['A?', 'B?'])
  })

  it.each([
    ['no-json.jsonl', '{"prompt":"ok"}\nnonsense\n', /no-json\.jsonl, line 2 is not JSON/],
    ['list.jsonl', '[]\n', /list\.jsonl, line 1 isn.t a JSON object/],
    ['other.jsonl', '\n{"text":"hm"}\n', /line 2 has none of the fields 'question'/],
    ['number.jsonl', '{"question":1}\n', /line 1 has a wrong 'question'/],
    ['blank.jsonl', '{"question":" "}\n', /line 1 asks nothing/],
    [
      'parts.jsonl',
      '{"messages":[{"role":"user","content":[]}]}',
      /line 1 has a wrong 'messages\.0\.content'/,
    ],
    [
      'assistant.jsonl',
      '{"messages":[{"role":"assistant","content":"Hi"}]}',
      /no message of the role 'user'/,
    ],
    ['__proto__.jsonl', '{"__proto__":{"question":"Who?"}}', /none of the fields/],
    ['empty.txt', ' \n\n', /empty\.txt holds no question/],
    ['long.txt', `Why?\n${'why '.repeat(600_000)}\n`, /long\.txt, line 2 has more than 1048576 characters/],
    ['longest.txt', 'why'.repeat(400_000), /longest\.txt, line 1 has more than/],
    ['binary.txt', 'Who\0?', /binary/],
    ['latin.txt', new Uint8Array([0x57, 0xff, 0x0a]), /not UTF-8/],
  ])('is refused where it is not what was expected: %s', async (name, content, message) => {
    await expect(read(await write(name, content))).rejects.toMatchObject({
      code: 'text-invalid',
      message: expect.stringMatching(message) as string,
    })
  })

  it('must be there', async () => {
    await expect(read(join(scratch, 'nowhere.txt'))).rejects.toMatchObject({ code: 'file-not-found' })
  })
})
