/**
 * Trains a small tail on the device named by the first argument and prints what happened as one line of
 * JSON. A program of its own, because a device's driver may end the process.
 */
import { initialTail } from '../../distill/distill.ts'
import { tailOptimizer } from '../../distill/train-tail.ts'
import { randomBatch } from '../../distill/testing/random-batch.ts'
import { tailTrainingGraph } from '../../distill/tail-training.ts'
import { gradients } from '../../graph/index.ts'
import { tailParameterShapes } from '../../models/tail.ts'
import { seededRandom } from '../../base/random.ts'
import { createSession, floatData, floatTensor, type Device } from '../session.ts'
import { createTrainer, freshState } from '../trainer/index.ts'

const device = process.argv[2] as Device
const shape = { hiddenSize: 32, adapterWidths: [64, 48], k: 4, alphabetSize: 20 }
const tokens = 64
const random = seededRandom(5)
const feeds = randomBatch(shape, tokens, 4)
// The down projection begins with zeros; a gradient through it shows more when it doesn't.
const initial = new Map(
  [...initialTail(shape, 3)].map(([name, data]) => [
    name,
    data.map((value) => value || 0.1 * random.normal()),
  ]),
)
const graph = tailTrainingGraph(shape, tokens, 'float32')

const names = [...graph.parameters.keys()]
const derivatives = gradients(
  graph.loss,
  names.map((name) => graph.parameters.get(name)!.value),
)
const session = await createSession(
  Object.fromEntries(names.map((name, i) => [name + "'", derivatives[i]!])),
  { device },
)
const shapes = tailParameterShapes(shape)
const results = await session.run({
  ...feeds,
  ...Object.fromEntries(names.map((name) => [name, floatTensor(initial.get(name)!, shapes.get(name)!)])),
})
const gradient = names.map((name) => Array.from(floatData(results[name + "'"])))
await session.release()

const trainer = await createTrainer(graph, freshState(initial), {
  ...tailOptimizer,
  device,
  weightDecay: 0.01,
})
const losses: number[] = []
const norms: number[] = []
const locations = new Set<string>()
let correct: number[] = []
for (let step = 0; step < 40; step++) {
  const { loss, gradientNorm, metrics } = await trainer.step(feeds, { adapter: 3e-3, heads: 1e-2 })
  losses.push(loss)
  norms.push(gradientNorm)
  correct = Array.from(floatData(metrics['correct']))
  for (const tensor of Object.values(trainer.parameters())) locations.add(tensor.location)
}
const state = await trainer.state()
const final = names.map((name) => Array.from(state.tensors.get(name)!.parameter))
await trainer.release()
console.log(JSON.stringify({ losses, norms, correct, gradient, final, locations: [...locations] }))
