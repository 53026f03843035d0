import { createInterface } from 'node:readline'
import { Command } from 'commander'
import type { ChatMessage } from '../tokenizer/chat-template.ts'
import { chatTokens } from '../decode/chat-tokens.ts'
import {
  addWritingOptions,
  describeRate,
  openWriter,
  textOptions,
  writeText,
  type WritingOptions,
} from './generate.ts'
import { interruptSignal } from './output.ts'

/** `spellm chat`. */
export function chatCommand(): Command {
  return addWritingOptions(
    new Command('chat')
      .description("Chat with a SpeLLM or a base model, in the model's chat template.")
      .argument('<folder>', "a run's or SpeLLM's folder, a model's folder, .gguf file or Hub id, or 'sample'")
      .option('--system <text>', 'system prompt of the conversation')
      .addHelpText(
        'after',
        '\nEach line of standard input is a message, and each is answered in turn; with --json, by one line of JSON.\n\n' +
          'Example:\n  echo "Why is the sky blue?" | spellm chat owner/name --json',
      ),
  ).action(async (folder: string, options: WritingOptions & { readonly system?: string }) => {
    const generator = await openWriter(folder, options)
    const signal = interruptSignal()
    const kvContext = generator.createKvContext()
    const messages: ChatMessage[] =
      options.system === undefined ? [] : [{ role: 'system', content: options.system }]
    const askFor = () => process.stdin.isTTY && process.stderr.write('> ')
    askFor()
    // The terminal itself edits the line, so that Ctrl-C reaches the process.
    for await (const line of createInterface({ input: process.stdin, terminal: false, signal })) {
      if (line.trim() === '') {
        askFor()
        continue
      }
      messages.push({ role: 'user', content: line })
      const answer = await writeText(generator, await chatTokens(generator, messages), {
        ...textOptions(generator, options),
        kvContext,
        signal,
        ...(options.json ? {} : { onText: (text: string) => process.stdout.write(text) }),
      })
      messages.push({ role: 'assistant', content: answer.text })
      if (options.json) console.log(JSON.stringify({ ...answer, device: generator.device }))
      else {
        console.log()
        console.error(describeRate(answer, generator))
      }
      askFor()
    }
    await generator.release()
  })
}
