import { Command } from 'commander'
import { openTokenizer } from '../tokenizer/index.ts'
import { resolveModel } from '../hub/index.ts'
import { modelFolder } from '../models/model-folder.ts'
import { table } from './output.ts'

interface TokensOptions {
  readonly text: string
  readonly splitSpecialTokens: boolean
  readonly json: boolean
}

/** `spellm tokens`. */
export function tokensCommand(): Command {
  return new Command('tokens')
    .description("Print a text's tokens, to compare with another implementation.")
    .argument('<model>', "the model's folder, .gguf file or Hub id, or 'sample'")
    .requiredOption('--text <text>', 'the text; the token that begins a text is not added')
    .option('--split-special-tokens', 'treat the text of special tokens as ordinary text', false)
    .option('--json', 'print as one line of JSON', false)
    .action(async (name: string, { text, splitSpecialTokens, json }: TokensOptions) => {
      const tokenizer = await openTokenizer(modelFolder(await resolveModel(name)))
      const ids = tokenizer.encode(text, { splitSpecialTokens })
      const tokens = ids.map((id) => {
        const { content, bytes, special } = tokenizer.entries[id]!
        return { id, token: content, bytes: Buffer.from(bytes).toString('hex'), special }
      })
      if (json) console.log(JSON.stringify({ tokens, decoded: tokenizer.decode(ids) }))
      else
        console.log(
          table(
            tokens.map(({ id, token, bytes, special }) => [
              String(id),
              JSON.stringify(token),
              special ? 'special' : bytes,
            ]),
          ),
        )
    })
}
