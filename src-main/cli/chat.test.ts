import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../runs/testing/temporary-folder.ts'
import { lastLine, spellm, type Finished } from '../engine/testing/cli.ts'
import { writeShortModel } from '../engine/testing/short-model.ts'

const template =
  "{{ bos_token }}{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"
const limits = ['--max-tokens', '4', '--device', 'cpu', '--json']
function answersOf({ code, stdout, stderr }: Finished): { text: string; tokens: number }[] {
  expect(code, stderr).toBe(0)
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { text: string; tokens: number })
}

it("answers each line of input after what was said before, in the template's words", async () => {
  const model = join(await temporaryFolder(), 'model')
  await writeShortModel(model)
  await writeFile(join(model, 'chat_template.jinja'), template)
  const chat = ['chat', model, '--system', 'Be kind.', ...limits]
  const answers = answersOf(await spellm(chat, { input: 'Hello\n\nAnd then?\n' }))
  expect(answers).toHaveLength(2)
  const [first, second] = answers.map(({ text }) => text)
  const continued = async (prompt: string) =>
    lastLine(await spellm(['generate', model, '--prompt', prompt, ...limits]))
  const beginning = 'system: Be kind.\nuser: Hello\nassistant:'
  expect(await continued(beginning)).toMatchObject({ text: first })
  const next = `${beginning.replace(/assistant:$/, '')}assistant: ${first}\nuser: And then?\nassistant:`
  expect(await continued(next)).toMatchObject({ text: second })
})

it('says that a model without a template can not converse', async () => {
  const finished = await spellm(['chat', 'sample', ...limits], { input: 'Hello\n' })
  expect(finished.code).toBe(1)
  expect(lastLine(finished)).toMatchObject({
    error: { code: 'setting-invalid', message: expect.stringContaining('no chat template') as string },
  })
})
