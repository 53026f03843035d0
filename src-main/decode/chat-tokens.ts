import { SpellmError } from '../base/errors.ts'
import { openChatTemplate, renderChat, type ChatMessage } from '../tokenizer/chat-template.ts'
import type { TextGenerator } from './text-generator.ts'

/**
 * The tokens that ask a model for its next answer.
 *
 * @throws SpellmError 'setting-invalid' for a model without a chat template, and as `renderChat`
 */
export async function chatTokens(
  { base, tokenizer }: TextGenerator,
  messages: readonly ChatMessage[],
): Promise<number[]> {
  const template = await openChatTemplate(base.folder)
  if (!template)
    throw new SpellmError(
      'setting-invalid',
      `${base.folder} has no chat template: it isn't a chat model.`,
      'Give it a text to continue.',
    )
  return tokenizer.encode(renderChat(template, messages, { addGenerationPrompt: true }))
}
