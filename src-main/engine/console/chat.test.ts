import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ChatMessage, GenerationEvent } from '../../contract/index.ts'
import { openTokenizer } from '../../tokenizer/index.ts'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'
import { engineErrorOf } from '../testing/client.ts'
import { openEngine, type OpenEngine } from '../testing/open-engine.ts'

const template =
  "{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"
const messages: ChatMessage[] = [
  { role: 'user', content: 'Tell me of a bear.' },
  { role: 'assistant', content: 'It sleeps.' },
  { role: 'user', content: 'And then?' },
]
const rest = { mode: 'base' as const, maxTokens: 3, sampling: null, stop: [] as string[] }

let scratch = ''
let model = ''
let opened: OpenEngine

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-chat-'))
  model = join(scratch, 'model')
  await cp(modelFolder(sampleModelName), model, { recursive: true })
  await writeFile(join(model, 'chat_template.jinja'), template)
  opened = await openEngine({ dataFolder: join(scratch, 'data') })
})
afterAll(async () => {
  await opened.close()
  await rm(scratch, { recursive: true, force: true })
})

test('a model with a chat template answers a conversation in its words', async () => {
  const { client } = opened
  const source = { kind: 'model', reference: model } as const
  expect(await client.console.abilities({ source })).toEqual({ canChat: true })
  const events: GenerationEvent[] = []
  for await (const event of await client.console.generate({ ...rest, source, prompt: messages }))
    events.push(event)
  const tokenizer = await openTokenizer(model)
  const rendered = 'user: Tell me of a bear.\nassistant: It sleeps.\nuser: And then?\nassistant:'
  expect(events[0]).toEqual({ type: 'prompt', tokens: tokenizer.encode(rendered) })
  expect(events.filter(({ type }) => type === 'token')).toHaveLength(3)
})

test('a model without one says that it can not', async () => {
  const { client } = opened
  const source = { kind: 'model', reference: sampleModelName } as const
  expect(await client.console.abilities({ source })).toEqual({ canChat: false })
  const generation = async () => {
    for await (const event of await client.console.generate({ ...rest, source, prompt: messages }))
      expect(event).toBeUndefined()
  }
  expect(await engineErrorOf(generation())).toMatchObject({
    code: 'setting-invalid',
    message: expect.stringContaining('no chat template') as string,
  })
})
