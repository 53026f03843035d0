import { Command } from 'commander'
import { SpellmError } from '../base/errors.ts'
import { resolveModel } from '../hub/index.ts'
import { lmHeadShare, parameterCount } from '../models/architecture.ts'
import { openBaseModel, openModelTokenizer, sourceOf } from '../models/base-model.ts'
import { modelFolder } from '../models/model-folder.ts'
import { formatCount, formatShare, table } from './output.ts'

/** `spellm inspect`. */
export function inspectCommand(): Command {
  return new Command('inspect')
    .description("Show a model's architecture and what its LM head costs.")
    .argument('<model>', "the model's folder or .gguf file, the id of a downloaded model, or 'sample'")
    .option('--json', 'print as one line of JSON', false)
    .action(async (name: string, { json }: { json: boolean }) => {
      const model = await openBaseModel(modelFolder(await resolveModel(name)))
      const tokenizer = await openModelTokenizer(model).catch((error: unknown) => {
        if (error instanceof SpellmError) return error
        throw error
      })
      const problem = tokenizer instanceof SpellmError ? tokenizer : null
      const { architecture } = model
      const parameters = parameterCount(architecture)
      const card = {
        architecture: architecture.family,
        layers: architecture.layers.length,
        hiddenSize: architecture.hiddenSize,
        vocabSize: architecture.vocabularySize,
        tokens: tokenizer instanceof SpellmError ? null : tokenizer.vocabularySize,
        parameters,
        lmHeadShare: lmHeadShare(architecture),
        tied: architecture.tiedHead,
        dtype: model.dtype,
        source: sourceOf(model),
        contextLength: architecture.contextLength,
        supported: problem === null,
        problem: problem?.message ?? null,
      }
      const kept = architecture.keptBytes ? ', or as they are (--precision kept)' : ''
      const computedAs = card.source === null ? '' : `, computed with in float32${kept}`
      if (json) console.log(JSON.stringify(card))
      else
        console.log(
          table([
            ['architecture', card.architecture],
            ['parameters', `${formatCount(parameters)} in ${card.dtype}${computedAs}`],
            ['layers × width', `${card.layers} × ${card.hiddenSize}`],
            ['vocabulary', card.vocabSize.toLocaleString('en')],
            ['context', card.contextLength.toLocaleString('en')],
            [
              'LM head',
              `${formatShare(card.lmHeadShare)} of the weights read for each token${card.tied ? ', tied to the embedding' : ''}`,
            ],
            ...(problem ? [['not usable', problem.message] as const] : []),
          ]),
        )
    })
}
