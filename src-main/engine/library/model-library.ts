import { basename, isAbsolute } from 'node:path'
import type { LibraryModel, ModelCard } from '../../contract/index.ts'
import { SpellmError } from '../../base/errors.ts'
import { lmHeadShare, parameterCount } from '../../models/architecture.ts'
import { openBaseModel, openModelTokenizer, type BaseModel } from '../../models/base-model.ts'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'
import { freeMemoryBytes } from '../../conversion/machine.ts'
import { teacherMemoryBytes } from '../../conversion/conversion-cost.ts'

/** A base model's name for people. */
export function modelName(reference: string): string {
  if (reference === sampleModelName) return 'Sample model'
  const [, owner, name] = hubSnapshot.exec(reference) ?? []
  return owner === undefined ? basename(reference) : `${owner}/${name}`
}

/** A model's folder in the cache of the Hub's tools. */
const hubSnapshot = /models--([^\\/]+?)--([^\\/]+)[\\/]snapshots[\\/][0-9a-f]{40}$/

/**
 * Opens the model that a request names.
 *
 * @throws SpellmError 'setting-invalid' for a path that isn't absolute, and as `openBaseModel`
 */
export async function openReferencedModel(reference: string): Promise<BaseModel> {
  if (reference !== sampleModelName && !isAbsolute(reference))
    throw new SpellmError(
      'setting-invalid',
      `'${reference}' is neither '${sampleModelName}' nor an absolute path.`,
      'Choose the folder of the model.',
    )
  return openBaseModel(modelFolder(reference))
}

/** Checks a model and its tokenizer and shows its card. Throws SpellmError as the two of them do. */
export async function inspectModel(reference: string): Promise<ModelCard> {
  const model = await openReferencedModel(reference)
  await openModelTokenizer(model)
  return modelCard(reference, model)
}

/** The models of a library, in its order. One that can't be used says why, and stays where it is. */
export async function listModels(references: readonly string[]): Promise<LibraryModel[]> {
  const models: LibraryModel[] = []
  for (const reference of references) {
    try {
      models.push({ usable: true, card: modelCard(reference, await openReferencedModel(reference)) })
    } catch (error) {
      if (!(error instanceof SpellmError)) throw error
      const { message: problem, remedy } = error
      models.push({ usable: false, reference, name: modelName(reference), problem, remedy })
    }
  }
  return models
}

function modelCard(reference: string, { architecture, checkpoint, dtype }: BaseModel): ModelCard {
  const { hiddenSize, vocabularySize } = architecture
  return {
    reference,
    name: modelName(reference),
    architecture: architecture.family,
    layers: architecture.layers.length,
    hiddenSize,
    vocabularySize,
    contextLength: architecture.contextLength,
    parameters: parameterCount(architecture),
    headParameters: vocabularySize * hiddenSize,
    lmHeadShare: lmHeadShare(architecture),
    tied: architecture.tiedHead,
    dtype,
    canKeepBlocks: architecture.keptBytes !== undefined,
    bytes: checkpoint.bytes,
    memory: {
      needed: teacherMemoryBytes(architecture, { precision: 'stored', device: 'auto' }),
      free: freeMemoryBytes(),
    },
  }
}
