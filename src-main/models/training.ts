import { input, reshape, softmaxCrossEntropy, type Value } from '../graph/index.ts'
import { seededRandom } from '../base/random.ts'
import type { Parameter } from '../runtime/trainer/index.ts'
import { weightShapes, type Architecture } from './architecture.ts'
import { headLogits, trunk, windowInputs } from './decoder.ts'

/** A whole language model as a graph that learns to predict the next token. */
export interface LanguageModelTrainingGraph {
  /**
   * Σ weight · cross-entropy of the next token. Inputs: `tokens` int64 [batch, tokens], `targets` int32
   * [batch · tokens, 1], `weights` float32 [batch · tokens, 1] that add up to 1.
   */
  readonly loss: Value
  readonly parameters: ReadonlyMap<string, Parameter>
}

/** The training graph for `batch` sequences of `tokens` tokens. All parameters are in the group 'model'. */
export function languageModelTrainingGraph(
  architecture: Architecture,
  { batch, tokens }: { readonly batch: number; readonly tokens: number },
): LanguageModelTrainingGraph {
  const parameters = new Map<string, Parameter>()
  for (const [name, shape] of weightShapes(architecture))
    parameters.set(name, { value: input(name, shape), group: 'model', decays: shape.length > 1 })
  const tensor = (name: string) => parameters.get(name)!.value
  const weights = { products: 'float32', tensor, matrix: tensor, table: tensor, joined: () => null } as const
  const rows = batch * tokens
  const { hidden } = trunk(architecture, weights, windowInputs(batch, tokens), 'training')
  const logits = reshape(headLogits(architecture, weights, hidden), [rows, architecture.vocabularySize])
  const loss = softmaxCrossEntropy(logits, input('targets', [rows, 1], 'int32'), input('weights', [rows, 1]))
  return { loss, parameters }
}

/**
 * Fresh weights: gains 1; matrices normal with standard deviation 0.02, and those that write to the
 * residual stream smaller by √(2 · layers) (Radford et al. 2019, section 2.3).
 */
export function initialWeights(architecture: Architecture, seed: number): Map<string, Float32Array> {
  const random = seededRandom(seed)
  const residual = new Set(
    architecture.layers.flatMap(({ attention, feedForward }) => [
      attention.output.weight.name,
      feedForward.down.weight.name,
    ]),
  )
  return new Map(
    [...weightShapes(architecture)].map(([name, shape]) => {
      const size = shape.reduce((a, b) => a * b, 1)
      if (shape.length === 1) return [name, new Float32Array(size).fill(1)]
      const deviation = residual.has(name) ? 0.02 / Math.sqrt(2 * architecture.layers.length) : 0.02
      return [name, Float32Array.from({ length: size }, () => deviation * random.normal())]
    }),
  )
}
