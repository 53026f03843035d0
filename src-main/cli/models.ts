import { Command } from 'commander'
import { openBaseModel } from '../models/base-model.ts'
import { parameterCount } from '../models/architecture.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { formatCount, table } from './output.ts'

/** `spellm models`. */
export function modelsCommand(): Command {
  return new Command('models')
    .description('List the available models.')
    .option('--json', 'print as JSON', false)
    .action(async ({ json }: { json: boolean }) => {
      const { folder, architecture } = await openBaseModel(modelFolder(sampleModelName))
      const models = [
        {
          name: sampleModelName,
          architecture: architecture.family,
          parameters: parameterCount(architecture),
          folder,
        },
      ]
      if (json) console.log(JSON.stringify(models))
      else {
        const rows = models.map((model) => [model.name, model.architecture, formatCount(model.parameters)])
        console.log(table([['name', 'architecture', 'parameters'], ...rows]))
        console.log(
          "\nAny folder with a Hugging Face model can be named by its path instead; see 'spellm inspect'.",
        )
      }
    })
}
