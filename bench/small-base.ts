/**
 * Trains a small Llama (2 M parameters, the sample model's tokenizer) on texts in any language, for measurements where
 * words fragment into many tokens:
 *
 *     npx tsx bench/small-base.ts FOLDER MINUTES TEXT…
 *
 * FOLDER becomes a base model for `spellm convert`. Training takes that many minutes, whatever the machine.
 */
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { collectTokens } from '../src-main/distill/corpus.ts'
import { writeSafetensors } from '../src-main/formats/safetensors.ts'
import { readTexts } from '../src-main/formats/text-source.ts'
import { openTokenizer } from '../src-main/tokenizer/index.ts'
import { weightShapes } from '../src-main/models/architecture.ts'
import { llama } from '../src-main/models/families/llama.ts'
import { modelFolder, sampleModelName } from '../src-main/models/model-folder.ts'
import { initialWeights, languageModelTrainingGraph } from '../src-main/models/training.ts'
import { seededRandom } from '../src-main/base/random.ts'
import { floatTensor, int32Tensor, int64Tensor } from '../src-main/runtime/session.ts'
import { createTrainer, freshState, parametersOf } from '../src-main/runtime/trainer/index.ts'

const [batch, tokens] = [8, 256]
const rows = batch * tokens
const peakLearningRate = 4e-3
const warmUpSteps = 50
const mostTokens = 20_000_000

const [folder, minutes, ...texts] = process.argv.slice(2)
if (folder === undefined || !(Number(minutes) > 0) || texts.length === 0)
  throw new Error('Usage: npx tsx bench/small-base.ts FOLDER MINUTES TEXT…')

const sample = modelFolder(sampleModelName)
const config = {
  ...(JSON.parse(await readFile(join(sample, 'config.json'), 'utf8')) as Record<string, unknown>),
  dtype: 'float32',
  hidden_size: 160,
  num_attention_heads: 5,
  num_key_value_heads: 5,
  intermediate_size: 448,
  num_hidden_layers: 4,
}
const architecture = llama.describe(config, { file: 'config.json', hasTensor: () => true })
const ids = await collectTokens(readTexts(texts), await openTokenizer(sample), architecture, {
  limit: mostTokens,
  minimum: rows + 1,
})
console.log(`${ids.length} tokens to learn from`)

const trainer = await createTrainer(
  languageModelTrainingGraph(architecture, { batch, tokens }),
  freshState(initialWeights(architecture, 1)),
  { device: 'cpu', beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.1, maxGradientNorm: 1 },
)
const random = seededRandom(1)
const weights = floatTensor(new Float32Array(rows).fill(1 / rows), [rows, 1])
const started = performance.now()
const share = () => (performance.now() - started) / 60_000 / Number(minutes)
let smoothedLoss = Math.log(architecture.vocabularySize)
for (let step = 0; share() < 1; step++) {
  const inputs = new Int32Array(rows)
  const targets = new Int32Array(rows)
  for (let row = 0; row < batch; row++) {
    const start = random.below(ids.length - tokens)
    inputs.set(ids.subarray(start, start + tokens), row * tokens)
    targets.set(ids.subarray(start + 1, start + 1 + tokens), row * tokens)
  }
  const feeds = {
    tokens: int64Tensor(inputs, [batch, tokens]),
    targets: int32Tensor(targets, [rows, 1]),
    weights,
  }
  const learningRate = peakLearningRate * Math.min((step + 1) / warmUpSteps, 1 - share())
  const { loss } = await trainer.step(feeds, { model: learningRate })
  smoothedLoss += (loss - smoothedLoss) * 0.05
  if (step % 50 === 0)
    console.log(`step ${step}  loss ${smoothedLoss.toFixed(3)}  ${(100 * share()).toFixed(0)} %`)
}
const learnt = parametersOf(await trainer.state())
await trainer.release()

await mkdir(folder, { recursive: true })
const tensors = [...weightShapes(architecture)].map(
  ([name, shape]) => [name, { dtype: 'F32', shape, data: learnt.get(name)! }] as const,
)
await writeSafetensors(join(folder, 'model.safetensors'), Object.fromEntries(tensors), { format: 'pt' })
await writeFile(join(folder, 'config.json'), JSON.stringify(config, null, 2))
for (const name of ['tokenizer.json', 'tokenizer_config.json'])
  await cp(join(sample, name), join(folder, name))
console.log(`wrote ${folder}; loss ${smoothedLoss.toFixed(3)}`)
