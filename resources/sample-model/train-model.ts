/**
 * Trains the sample model from scratch on generated stories with this project's own engine and writes
 * `model.safetensors` beside this file. Takes about half an hour on two cores:
 *
 *     npx tsx resources/sample-model/train-model.ts
 */
import { join } from 'node:path'
import { initialWeights, languageModelTrainingGraph } from '../../src-main/models/training.ts'
import { createTrainer, freshState, parametersOf } from '../../src-main/runtime/trainer.ts'
import { heldOutPerplexity, saveWeights } from './finished-model.ts'
import { architecture, batch, folder, rows, storyBatches, tokens } from './stories-text.ts'

const seed = 1
const steps = 2_400
const warmUpSteps = 100
const peakLearningRate = 3e-3

/** Linear warm-up, then a cosine down to a tenth. */
function learningRate(step: number): number {
  if (step < warmUpSteps) return (peakLearningRate * (step + 1)) / warmUpSteps
  const progress = (step - warmUpSteps) / (steps - warmUpSteps)
  return peakLearningRate * (0.1 + 0.45 * (1 + Math.cos(Math.PI * progress)))
}

const trainer = await createTrainer(
  languageModelTrainingGraph(architecture, { batch, tokens }),
  freshState(initialWeights(architecture, seed)),
  { device: 'cpu', beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, maxGradientNorm: 1 },
)
const batches = storyBatches(seed)
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
