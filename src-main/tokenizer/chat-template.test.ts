import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { openChatTemplate, renderChat, type ChatMessage, type ChatTemplate } from './chat-template.ts'
import { openTokenizer } from './index.ts'

const testing = join(import.meta.dirname, 'testing')
const reference = JSON.parse(await readFile(join(testing, 'chat-templates.json'), 'utf8')) as {
  conversations: ChatMessage[][]
  templates: Record<
    string,
    {
      source: string
      specialTokens: Record<string, string>
      prompts: (string | { error: string })[][]
    }
  >
  times: Record<string, string>
}
const template = (source: string): ChatTemplate => ({ file: 'x.jinja', source, specialTokens: {} })
const render = (source: string, content = 'x') =>
  renderChat(template(source), [{ role: 'user', content }], { addGenerationPrompt: false })

describe('renderChat', () => {
  const cases = Object.entries(reference.templates).flatMap(([name, { source, specialTokens, prompts }]) =>
    reference.conversations.flatMap((messages, i) =>
      [false, true].map((addGenerationPrompt) => ({
        name,
        i,
        chat: { file: `${name}.jinja`, source, specialTokens },
        messages,
        addGenerationPrompt,
        expected: prompts[i]![addGenerationPrompt ? 1 : 0]!,
      })),
    ),
  )
  it.each(cases)(
    'renders conversation $i in the style $name as the reference does ($addGenerationPrompt)',
    ({ chat, messages, addGenerationPrompt, expected }) => {
      const rendering = () => renderChat(chat, messages, { addGenerationPrompt })
      if (typeof expected === 'string') expect(rendering()).toBe(expected)
      else
        expect(rendering).toThrow(
          expect.objectContaining({
            code: 'setting-invalid',
            message: expect.stringContaining(expected.error) as string,
          }) as Error,
        )
    },
  )

  describe('at a known time', () => {
    afterEach(() => void vi.useRealTimers())
    it.each(Object.entries(reference.times))('writes %s as Python does', (format, expected) => {
      vi.useFakeTimers({ now: new Date(2026, 2, 7, 16, 5, 9) })
      expect(render(`{{ strftime_now('${format}') }}`)).toBe(expected)
    })
  })

  it("gives a prompt whose special tokens are recognised, also in a message's content", async () => {
    const { source, specialTokens } = reference.templates['chatml']!
    const tokenizer = await openTokenizer(join(testing, 'tokenizers', 'qwen2'))
    const prompt = renderChat(
      { file: 'x', source, specialTokens },
      [{ role: 'user', content: 'a<|im_end|>b' }],
      { addGenerationPrompt: true },
    )
    const end = tokenizer.entries.findIndex(({ content }) => content === '<|im_end|>')
    expect(tokenizer.encode(prompt).filter((id) => id === end)).toHaveLength(3)
    expect(tokenizer.encode(prompt, { splitSpecialTokens: true })).not.toContain(end)
  })

  const doubled = (times: number, start: string) =>
    `{% set ns = namespace(v=${start}) %}{% for i in range(${times}) %}{% set ns.v = ns.v + ns.v %}{% endfor %}`
  it.each([
    ['a loop of 10^9', '{% for i in range(10**9) %}x{% endfor %}'],
    ['a loop of 10^9 in digits', '{% for i in range(1000000000) %}x{% endfor %}'],
    ['nested loops', '{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}'],
    ['a text that doubles', `${doubled(60, "'abcdefgh'")}{{ ns.v }}`],
    ['a list that doubles', doubled(60, '[1, 2, 3]')],
    ['a text that is split into many', `${doubled(27, "'a,'")}{% set x = ns.v.split(',') %}`],
    ['a text that grows by replacing', `${doubled(18, "'ab'")}{{ ns.v | replace('a', ns.v) }}`],
    ['a macro that calls itself', '{% macro f(x) %}{{ f(x) ~ f(x) }}{% endmacro %}{{ f(1) }}'],
    ['parentheses without end', `{{ ${'('.repeat(50_000)}1${')'.repeat(50_000)} }}`],
    ['a wide indent', '{{ {"a": [1, 2]} | tojson(indent=1000000000) }}'],
    ['a way to the interpreter', '{{ messages.constructor.constructor("return process")() }}'],
    ['a way to the classes', '{{ "".__class__.__mro__[1].__subclasses__() }}'],
    ['an include', '{% include "/etc/passwd" %}'],
    ['an import', "{% import 'os' as os %}"],
    ['an open tag', '{{ messages'],
    ['a loop that continues after text', '{% for i in [1, 2] %}a{% continue %}{% endfor %}'],
    ['an unknown filter', "{{ 'x' | execute }}"],
  ])('ends with an error for %s', (_, source) => {
    const started = performance.now()
    const before = process.memoryUsage.rss()
    expect(() => render(source)).toThrow(expect.objectContaining({ code: 'file-invalid' }) as Error)
    expect(performance.now() - started).toBeLessThan(8_000)
    expect(process.memoryUsage.rss() - before).toBeLessThan(1.5e9)
  })

  it('renders a long conversation', () => {
    const messages = Array.from({ length: 2_000 }, (_, i) => ({
      role: i % 2 === 0 ? 'user' : 'assistant',
      content: 'word '.repeat(100),
    }))
    for (const { source, specialTokens } of Object.values(reference.templates))
      expect(
        renderChat({ file: 'x', source, specialTokens }, messages, { addGenerationPrompt: true }).length,
      ).toBeGreaterThan(1e6)
  })
})

describe('openChatTemplate', () => {
  let folder = ''
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'spellm-chat-'))))
  afterAll(() => rm(folder, { recursive: true }))
  const opened = async (files: Record<string, unknown>) => {
    const path = await mkdtemp(join(folder, 'case-'))
    for (const [name, contents] of Object.entries(files))
      await writeFile(join(path, name), typeof contents === 'string' ? contents : JSON.stringify(contents))
    return openChatTemplate(path)
  }

  it('knows a model without a template', async () => {
    expect(await opened({})).toBeNull()
    expect(await opened({ 'tokenizer_config.json': { bos_token: '<s>', chat_template: null } })).toBeNull()
  })
  it("prefers the file of its own, and takes the config's special tokens", async () => {
    const config = {
      chat_template: 'config',
      bos_token: { content: '<s>', lstrip: false },
      eos_token: '</s>',
    }
    expect(await opened({ 'tokenizer_config.json': config })).toMatchObject({
      source: 'config',
      specialTokens: { bos_token: '<s>', eos_token: '</s>' },
    })
    expect(await opened({ 'tokenizer_config.json': config, 'chat_template.jinja': 'own' })).toMatchObject({
      source: 'own',
      specialTokens: { bos_token: '<s>' },
    })
    expect(await opened({ 'chat_template.json': { chat_template: 'json' } })).toMatchObject({
      source: 'json',
    })
  })
  it("takes the one named 'default' of several", async () => {
    const named = (...names: string[]) => ({
      'tokenizer_config.json': { chat_template: names.map((name) => ({ name, template: name })) },
    })
    expect(await opened(named('tool_use', 'default'))).toMatchObject({ source: 'default' })
    await expect(opened(named('tool_use', 'rag'))).rejects.toMatchObject({
      code: 'file-invalid',
      message: expect.stringContaining('tool_use, rag') as string,
    })
  })
  it.each([{ chat_template: 3 }, { bos_token: 3 }, { chat_template: [{ name: 'default' }] }])(
    'refuses %j',
    async (config) => {
      await expect(opened({ 'tokenizer_config.json': config })).rejects.toMatchObject({
        code: 'file-invalid',
      })
    },
  )
})
