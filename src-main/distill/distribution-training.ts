import {
  add,
  input,
  logSumExp,
  matmul,
  multiply,
  reduceMean,
  reduceSum,
  reshape,
  softmax,
  subtract,
  type DType,
} from '../graph/index.ts'
import type { Architecture } from '../models/architecture.ts'
import { widen } from '../models/blocks.ts'
import { headLogits } from '../models/decoder.ts'
import { tailLogits, type TailShape } from '../models/tail.ts'
import type { TrainingGraph } from '../runtime/trainer/index.ts'
import { tailParameters } from './tail-training.ts'

/**
 * The graph that learns a tail the teacher's whole distribution, from `tokens` positions at a time, compared on
 * some candidate tokens. Inputs: `hidden` [tokens, d]; `headRows` float32 [candidates, d], the LM head's; `spellings`
 * float32 [candidates, k · A], see `spellingMatrix`; `logWeights` float32 [1, candidates].
 *
 * A token's score is the sum of its characters' log-probabilities. The loss is the mean over positions of
 * KL(teacher ‖ tail), where both are normalised over the candidates.
 */
export function distributionTrainingGraph(
  shape: TailShape,
  architecture: Pick<Architecture, 'head'>,
  { tokens, candidates }: { readonly tokens: number; readonly candidates: number },
  hiddenDtype: DType = 'float16',
): TrainingGraph {
  const { hiddenSize, k, alphabetSize } = shape
  const parameters = tailParameters(shape)
  const hidden = widen(input('hidden', [tokens, hiddenSize], hiddenDtype))
  const logWeights = input('logWeights', [1, candidates])

  const rows = input('headRows', [candidates, hiddenSize])
  const teacher = add(headLogits(architecture, { matrix: () => rows }, hidden), logWeights)

  const logits = tailLogits(shape, (name) => parameters.get(name)!.value, hidden, 'training')
  const logProbabilities = reshape(subtract(logits, logSumExp(logits)), [tokens, k * alphabetSize])
  const spellings = input('spellings', [candidates, k * alphabetSize])
  const scores = add(matmul(logProbabilities, spellings, { transposeB: true }), logWeights)

  const difference = reduceSum(multiply(softmax(teacher), subtract(teacher, scores)), [1], { keepAxes: true })
  const divergence = add(difference, subtract(logSumExp(scores), logSumExp(teacher)))
  return { loss: reduceMean(divergence), parameters }
}
