import { Command, InvalidArgumentError } from 'commander'
import { createBaseHead } from '../decode/chooser.ts'
import { SpellmError } from '../base/errors.ts'
import { resolveModel } from '../hub/index.ts'
import { openBaseModel } from '../models/base-model.ts'
import { modelFolder } from '../models/model-folder.ts'
import { inPrecision } from '../models/precision.ts'
import { createTrunkSession } from '../models/trunk-session.ts'
import { table } from './output.ts'

const shown = 10

/** `spellm logits`. */
export function logitsCommand(): Command {
  return new Command('logits')
    .description("Print a base model's logits after given tokens, to compare with another implementation.")
    .argument('<model>', "the model's folder, .gguf file or Hub id, or 'sample'")
    .requiredOption('--tokens <ids>', 'token ids, separated by commas', tokenIds)
    .option('--json', 'print all logits of the last position as one line of JSON', false)
    .action(async (name: string, { tokens, json }: { tokens: number[]; json: boolean }) => {
      const model = await inPrecision(await openBaseModel(modelFolder(await resolveModel(name))), 'stored')
      const { hiddenSize, vocabularySize, contextLength } = model.architecture
      const outside = tokens.find((token) => token >= vocabularySize)
      if (outside !== undefined)
        throw new SpellmError(
          'setting-invalid',
          `--tokens: ${outside} isn't a token of this model, whose vocabulary has ${vocabularySize} entries.`,
          `Give ids from 0 to ${vocabularySize - 1}.`,
        )
      if (tokens.length > contextLength)
        throw new SpellmError(
          'setting-invalid',
          `--tokens: ${tokens.length} tokens are more than the model's context of ${contextLength}.`,
          'Give fewer tokens.',
        )
      const trunk = await createTrunkSession(model)
      const hidden = await trunk.forward(Int32Array.from(tokens), trunk.createCache())
      await trunk.release()
      const head = await createBaseHead(model)
      const logits = await head.logits(hidden.slice(-hiddenSize))
      await head.release()
      if (json) console.log(JSON.stringify({ tokens, logits: [...logits] }))
      else {
        const best = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!).slice(0, shown)
        console.log(table(best.map((token) => [String(token), logits[token]!.toFixed(4)])))
      }
    })
}

function tokenIds(text: string): number[] {
  const ids = text.split(',').map((part) => part.trim())
  const wrong = ids.find((id) => !/^\d{1,9}$/.test(id))
  if (wrong === undefined) return ids.map(Number)
  throw new InvalidArgumentError(`'${wrong}' isn't a token id. Expected whole numbers, as in 1,2,3.`)
}
