import { runIdSchema } from '../../../src-main/contract/index.ts'
import { strings } from '../../strings/index.ts'

/**
 * What is wrong with a run's name, for its field; null: nothing.
 *
 * @param taken names of other runs; file systems may not tell capitals from small letters, so neither do we
 */
export function runNameProblem(name: string, taken: readonly string[]): string | null {
  const words = strings.wizard.review.nameProblems
  if (name === '') return words.empty
  if (!runIdSchema.safeParse(name).success) return words.characters
  if (taken.some((other) => other.toLowerCase() === name.toLowerCase())) return words.taken
  return null
}

/**
 * A free name for a run of a model, such as 'sample-model-k12', 'sample-model-k12-2' or 'sample-model-groups'.
 *
 * @param k null: nothing is spelled, tokens come in learned groups
 */
export function suggestRunName(modelName: string, k: number | null, taken: readonly string[]): string {
  const model = modelName
    .toLowerCase()
    .replace(/[^\p{L}\p{N}._]+/gu, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80)
  const kind = k === null ? 'groups' : `k${k}`
  const name = `${model === '' ? 'run' : model}-${kind}`
  const lower = new Set(taken.map((other) => other.toLowerCase()))
  let candidate = name
  for (let number = 2; lower.has(candidate); number++) candidate = `${name}-${number}`
  return candidate
}
