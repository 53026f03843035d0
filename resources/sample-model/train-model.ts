/**
 * Trains the sample model from scratch on generated stories with this project's own engine and writes
 * `model.safetensors` beside this file. Takes about an hour on two cores:
 *
 *     npx tsx resources/sample-model/train-model.ts
 */
import { join } from 'node:path'
import { initialWeights, languageModelTrainingGraph } from '../../src-main/models/training.ts'
import { createTrainer, freshState, parametersOf } from '../../src-main/runtime/trainer/index.ts'
import { heldOutPerplexity, saveWeights } from './finished-model.ts'
import { architecture, batch, folder, rows, storyBatches, tokens, whoIsWho } from './stories-text.ts'

const seed = 1
const steps = 5_000
const warmUpSteps = 200
const peakLearningRate = 3e-3

/** Linear warm-up, then linearly down to 0. */
function learningRate(step: number): number {
  return peakLearningRate * Math.min((step + 1) / warmUpSteps, (steps - step) / (steps - warmUpSteps))
}

const trainer = await createTrainer(
  languageModelTrainingGraph(architecture, { batch, tokens }),
  freshState(initialWeights(architecture, seed)),
  { device: 'cpu', beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.1, maxGradientNorm: 1 },
)
const batches = storyBatches(seed, whoIsWho())
const started = performance.now()
let smoothedLoss = Math.log(architecture.vocabularySize)

for (let step = 0; step < steps; step++) {
  const { loss } = await trainer.step(batches.next().value, { model: learningRate(step) })
  smoothedLoss += (loss - smoothedLoss) * 0.05
  if (step % 20 === 0) {
    const rate = ((step + 1) * rows) / ((performance.now() - started) / 1000)
    const minutes = ((steps - step) * rows) / rate / 60
    console.log(
      `step ${step} of ${steps}  loss ${smoothedLoss.toFixed(3)}  ${rate.toFixed(0)} tokens/s  ${minutes.toFixed(0)} min left`,
    )
  }
}
const final = await trainer.state()
await trainer.release()
await saveWeights(parametersOf(final))
console.log(
  `wrote ${join(folder, 'model.safetensors')}; held-out perplexity ${(await heldOutPerplexity()).toFixed(3)}`,
)
