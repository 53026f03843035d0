import { join } from 'node:path'
import { z } from 'zod'
import { SpellmError, nullIfNotFound } from '../base/errors.ts'
import { renderTemplate, TemplateRefusal, WorkExceeded } from './chat-template/interpreter.ts'
import { openIfGguf } from '../formats/gguf.ts'
import { readGgufChatTemplate } from './gguf/chat.ts'
import { readJsonFile, readTextFile } from '../formats/json-file.ts'
import { withinTime } from '../formats/time-limit.ts'

export interface ChatMessage {
  /** Such as 'system', 'user' or 'assistant'; which ones there may be is the template's choice. */
  readonly role: string
  readonly content: string
}

/** How a model was taught to read conversations. */
export interface ChatTemplate {
  /** Where it was read, for messages. */
  readonly file: string
  /** Jinja. */
  readonly source: string
  /** The contents of special tokens by their names in templates, such as 'bos_token'. */
  readonly specialTokens: Readonly<Record<string, string>>
}

const maxConfigBytes = 16 << 20
const maxTemplateLength = 1 << 20
const maxPromptLength = 16 << 20

const templateText = z.string().max(maxTemplateLength)
const templateField = z.union([
  templateText,
  z.array(z.looseObject({ name: z.string(), template: templateText })).max(100),
])
const tokenField = z.union([z.string(), z.looseObject({ content: z.string() })])
const configSchema = z.looseObject({ chat_template: templateField.nullish() })
const specialTokenNames = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token',
] as const

/**
 * Reads a model folder's chat template: chat_template.jinja, or else the field `chat_template` of
 * tokenizer_config.json, or of chat_template.json; or that of a GGUF file. Of several with names it is the one named
 * 'default'.
 *
 * @returns null where there is none: the model continues texts, but was not taught to converse
 * @throws SpellmError 'file-invalid' | 'permission-denied'
 */
export async function openChatTemplate(folder: string): Promise<ChatTemplate | null> {
  const gguf = await openIfGguf(folder)
  if (gguf) {
    const template = readGgufChatTemplate(gguf)
    return template && { file: folder, ...template }
  }
  const configFile = join(folder, 'tokenizer_config.json')
  const config = await ifThere(readJsonFile(configFile, configSchema, { maxBytes: maxConfigBytes }))
  const specialTokens = readSpecialTokens(config ?? {}, configFile)

  const jinjaFile = join(folder, 'chat_template.jinja')
  const jinja = await ifThere(readTextFile(jinjaFile, { maxBytes: maxTemplateLength }))
  if (jinja !== null) return { file: jinjaFile, source: jinja, specialTokens }
  if (config?.chat_template !== null && config?.chat_template !== undefined)
    return { file: configFile, source: defaultTemplate(config.chat_template, configFile), specialTokens }

  const jsonFile = join(folder, 'chat_template.json')
  const json = await ifThere(
    readJsonFile(jsonFile, z.looseObject({ chat_template: templateField }), { maxBytes: maxConfigBytes }),
  )
  return json && { file: jsonFile, source: defaultTemplate(json.chat_template, jsonFile), specialTokens }
}

/** A fixed share, and so much for each character of template and messages: a hundred times what real ones need. */
const baseWork = 1_000_000
const workPerCharacter = 200
const renderMilliseconds = 5_000

/**
 * The prompt for a conversation: text with special tokens in it, also the one that begins a text where the template
 * writes it. So it is encoded as it is, without `Tokenizer.frame`, and with special tokens recognised. As in the
 * reference, those in a message's content are too: whoever writes messages can end one.
 *
 * @param addGenerationPrompt whether the prompt ends with the beginning of the assistant's answer
 * @throws SpellmError 'setting-invalid' for messages that the template refuses; 'file-invalid' for a template that
 *   is broken, uses what Jinja's implementation here lacks, or would take too long or too much memory
 */
export function renderChat(
  { file, source, specialTokens }: ChatTemplate,
  messages: readonly ChatMessage[],
  { addGenerationPrompt }: { readonly addGenerationPrompt: boolean },
): string {
  const length = messages.reduce(
    (sum, { role, content }) => sum + role.length + content.length,
    source.length,
  )
  const variables = {
    ...specialTokens,
    messages,
    tools: null,
    documents: null,
    add_generation_prompt: addGenerationPrompt,
  }
  try {
    const prompt = withinTime(
      renderMilliseconds,
      () => renderTemplate(source, variables, baseWork + workPerCharacter * length),
      () => new WorkExceeded(),
    )
    if (prompt.length > maxPromptLength) throw new WorkExceeded()
    return prompt
  } catch (error) {
    throw describe(error, file)
  }
}

function describe(error: unknown, file: string): SpellmError {
  if (error instanceof TemplateRefusal)
    return new SpellmError(
      'setting-invalid',
      `${file}: the chat template refuses these messages: ${error.message.slice(0, 500)}`,
      'Change the roles or the order of the messages.',
      { cause: error },
    )
  if (error instanceof WorkExceeded)
    return new SpellmError(
      'file-invalid',
      `${file}: the chat template does not end within the work that these messages can need.`,
      'Get the template from a source that you trust; this one is broken or made to block the program.',
      { cause: error },
    )
  return new SpellmError(
    'file-invalid',
    `${file}: the chat template can't be rendered: ${(error instanceof Error ? error.message : String(error)).slice(0, 500)}.`,
    'Download this file again, or give the prompt as plain text.',
    { cause: error },
  )
}

function readSpecialTokens(config: Readonly<Record<string, unknown>>, file: string): Record<string, string> {
  const tokens: Record<string, string> = {}
  for (const name of specialTokenNames) {
    const field = tokenField.nullish().safeParse(config[name])
    if (!field.success) throw invalid(file, `field '${name}' isn't a token`)
    if (field.data) tokens[name] = typeof field.data === 'string' ? field.data : field.data.content
  }
  return tokens
}

function defaultTemplate(templates: z.infer<typeof templateField>, file: string): string {
  if (typeof templates === 'string') return templates
  const found = templates.find(({ name }) => name === 'default')
  if (found) return found.template
  const names = templates.map(({ name }) => name).join(', ')
  throw invalid(file, `field 'chat_template' has no template named 'default' (${names.slice(0, 200)})`)
}

function invalid(file: string, problem: string): SpellmError {
  return new SpellmError('file-invalid', `${file}: ${problem}.`, 'Download this file again.')
}

async function ifThere<T>(reading: Promise<T>): Promise<T | null> {
  return reading.catch(nullIfNotFound)
}
