/**
 * Trains the sample model from scratch on generated stories and writes it beside this file in the layout
 * of Hugging Face. Takes about three quarters of an hour on two cores:
 *
 *     npx tsx resources/sample-model/train-model.ts
 */
import { readFile, writeFile } from 'node:fs/promises'
import { llamaArchitecture, llamaConfigSchema } from '../../src-main/models/llama.ts'
import { initialWeights, languageModelTrainingGraph } from '../../src-main/models/training.ts'
import { createTrainer, freshState } from '../../src-main/runtime/trainer.ts'
import { floatTensor, int32Tensor, int64Tensor } from '../../src-main/runtime/session.ts'
import { stories } from '../stories/stories.ts'
import { Tokenizer } from '@huggingface/tokenizers'

const folder = import.meta.dirname
const seed = 1
const steps = Number(process.env['STEPS'] ?? 2_400)
const warmUpSteps = 100
const peakLearningRate = 3e-3
const batch = 6
const tokens = 384
const endOfText = 0

const configFile = `${folder}/config.json`
const architecture = llamaArchitecture(llamaConfigSchema.parse(JSON.parse(await readFile(configFile, 'utf8'))), configFile)
const read = async (name: string): Promise<object> => JSON.parse(await readFile(`${folder}/${name}`, 'utf8')) as object
const tokenizer = new Tokenizer(await read('tokenizer.json'), await read('tokenizer_config.json'))

/** Stories without end as one stream, each between two end-of-text tokens. */
function* tokenStream(): Generator<number> {
  for (const story of stories(seed)) {
    yield endOfText
    yield* tokenizer.encode(story).ids
  }
}

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
const stream = tokenStream()
const next = () => stream.next().value as number
const rows = batch * tokens
const weights = floatTensor(new Float32Array(rows).fill(1 / rows), [rows, 1])
const started = performance.now()
let smoothed = Math.log(architecture.vocabularySize)

for (let step = 0; step < steps; step++) {
  const inputs = new Int32Array(rows)
  const targets = new Int32Array(rows)
  for (let row = 0; row < batch; row++) {
    const window = Int32Array.from({ length: tokens + 1 }, next)
    inputs.set(window.subarray(0, tokens), row * tokens)
    targets.set(window.subarray(1), row * tokens)
  }
  const feeds = { tokens: int64Tensor(inputs, [batch, tokens]), targets: int32Tensor(targets, [rows, 1]), weights }
  const { loss, gradientNorm } = await trainer.step(feeds, { model: learningRate(step) })
  smoothed += (loss - smoothed) * 0.05
  if (step % 20 === 0 || step === steps - 1) {
    const seconds = (performance.now() - started) / 1000
    const rate = ((step + 1) * rows) / seconds
    console.log(
      `step ${step} of ${steps}  loss ${smoothed.toFixed(3)}  norm ${gradientNorm.toFixed(2)}  ${rate.toFixed(0)} tokens/s  ` +
        `${((steps - step) * rows / rate / 60).toFixed(0)} min left`,
    )
  }
  if (process.env['DUMP'] && (step % 400 === 399 || step === steps - 1)) {
    const { tensors } = await trainer.state()
    for (const [name, { parameter }] of tensors) await writeFile(`${process.env['DUMP']}/${name}.f32`, new Uint8Array(parameter.buffer))
  }
}
