import { seededRandom } from '../../base/random.ts'
import {
  add,
  constant,
  createSingleOutputNode,
  gatherRows,
  gradients,
  input,
  matmul,
  multiply,
  reduceMean,
  reshape,
  rmsNormalize,
  silu,
  softmax,
  softmaxCrossEntropy,
  type Value,
} from '../../graph/index.ts'
import { causalMask } from '../masks.ts'
import { int32Tensor, int64Tensor, floatTensor, type Feeds } from '../session.ts'
import { freshState, type TrainerState, type TrainingGraph } from '../trainer/index.ts'

const tokens = 16
const hiddenSize = 64
const vocabularySize = 128
const innerSize = 128

/** A graph with what to feed it. */
export interface ProbeGraph {
  readonly outputs: Readonly<Record<string, Value>>
  readonly feeds: Feeds
}

function randomMatrices(seed: number) {
  const random = seededRandom(seed)
  return (rows: number, columns: number) =>
    Float32Array.from({ length: rows * columns }, () => random.normal() / Math.sqrt(columns))
}

/** One layer of a language model with random weights, of the operators that real ones are made of. */
export function decoderProbe(): ProbeGraph {
  const matrix = randomMatrices(1)
  const weight = (rows: number, columns: number) => constant(matrix(rows, columns), [rows, columns])
  const linear = (x: Value, rows: number) => matmul(x, weight(rows, Number(x.shape[1])), { transposeB: true })
  // onnxruntime's fused operator, which inference uses.
  const norm = (x: Value) =>
    createSingleOutputNode(
      'SimplifiedLayerNormalization',
      [x, constant(new Float32Array(hiddenSize).fill(1), [hiddenSize])],
      x.shape,
      { attributes: { axis: -1, epsilon: { float: 1e-5 } } },
    )

  let x = gatherRows(weight(vocabularySize, hiddenSize), input('tokens', [tokens], 'int64'))
  const normed = norm(x)
  const [query, key, value] = [
    linear(normed, hiddenSize),
    linear(normed, hiddenSize),
    linear(normed, hiddenSize),
  ]
  const scores = multiply(matmul(query, key, { transposeB: true }), 1 / Math.sqrt(hiddenSize))
  const masked = add(scores, constant(causalMask(tokens), [tokens, tokens]))
  x = add(x, linear(matmul(softmax(masked), value), hiddenSize))
  const mlpInput = norm(x)
  x = add(x, linear(multiply(silu(linear(mlpInput, innerSize)), linear(mlpInput, innerSize)), hiddenSize))
  const hidden = norm(x)
  const random = seededRandom(2)
  const ids = Int32Array.from({ length: tokens }, () => random.below(vocabularySize))
  return {
    outputs: { hidden, logits: linear(hidden, vocabularySize) },
    feeds: { tokens: int64Tensor(ids, [tokens]) },
  }
}

/** A small network to be trained, with its first parameters. */
export interface TrainingProbe {
  readonly graph: TrainingGraph
  readonly initial: TrainerState
  readonly feeds: Feeds
  /** The derivatives of the loss, which may be wrong where the loss is right. */
  readonly gradients: ProbeGraph
}

/** A normalised gated layer and a classifier: what a tail is made of. */
export function trainingProbe(): TrainingProbe {
  const rows = 32
  const classes = 24
  const shapes = {
    gate: [innerSize, hiddenSize],
    up: [innerSize, hiddenSize],
    down: [hiddenSize, innerSize],
    heads: [classes, hiddenSize],
  } as const
  const parameter = (name: keyof typeof shapes) => input(name, shapes[name])
  const values = {
    gate: parameter('gate'),
    up: parameter('up'),
    down: parameter('down'),
    heads: parameter('heads'),
  }
  const linear = (x: Value, weight: Value) => matmul(x, weight, { transposeB: true })
  const hidden = input('hidden', [rows, hiddenSize])
  const normed = rmsNormalize(hidden, 1e-6)
  const inner = multiply(silu(linear(normed, values.gate)), linear(normed, values.up))
  const logits = linear(rmsNormalize(add(hidden, linear(inner, values.down)), 1e-6), values.heads)
  const loss = softmaxCrossEntropy(logits, input('targets', [rows, 1], 'int32'), input('weights', [rows, 1]))

  const matrix = randomMatrices(3)
  const random = seededRandom(4)
  const feeds = {
    hidden: floatTensor(
      matrix(rows, hiddenSize).map((element) => 8 * element),
      [rows, hiddenSize],
    ),
    targets: int32Tensor(
      Int32Array.from({ length: rows }, () => random.below(classes)),
      [rows, 1],
    ),
    weights: floatTensor(new Float32Array(rows).fill(1 / rows), [rows, 1]),
  }
  const names = Object.keys(shapes) as (keyof typeof shapes)[]
  const initial = new Map(names.map((name) => [name, matrix(shapes[name][0], shapes[name][1])]))
  const derivatives = gradients(
    loss,
    names.map((name) => values[name]),
  )
  return {
    graph: {
      loss,
      parameters: new Map(names.map((name) => [name, { value: values[name], group: 'all', decays: true }])),
    },
    initial: freshState(initial),
    feeds,
    gradients: {
      outputs: { loss, ...Object.fromEntries(names.map((name, i) => [`gradient.${name}`, derivatives[i]!])) },
      feeds: {
        ...feeds,
        ...Object.fromEntries(names.map((name) => [name, floatTensor(initial.get(name)!, shapes[name])])),
      },
    },
  }
}

/** A chain of matrix products, of which only a mean comes back. */
export interface RateProbe extends ProbeGraph {
  /** Floating-point operations of a run. */
  readonly operations: number
  /** Bytes of weights that a run reads. */
  readonly weightBytes: number
}

/** @param length products one after another, of [rows, width] with the same [width, width] */
export function rateProbe(rows: number, width: number, length: number): RateProbe {
  const weight = repeated(width * width, Math.sqrt(12 / width))
  const matrix = constant(weight, [width, width])
  let x = input('x', [rows, width])
  for (let i = 0; i < length; i++) x = matmul(x, matrix)
  return {
    outputs: { mean: reshape(reduceMean(multiply(x, x), [0, 1], { keepAxes: true }), [1]) },
    feeds: { x: floatTensor(new Float32Array(rows * width).fill(0.5), [rows, width]) },
    operations: 2 * rows * width * width * length,
    weightBytes: 4 * width * width * length,
  }
}

/** Uniform within ± scale / 2; the same numbers again and again, because millions of them take their time. */
function repeated(length: number, scale: number): Float32Array {
  const random = seededRandom(5)
  const period = Float32Array.from({ length: 10_007 }, () => scale * (random.uniform() - 0.5))
  const numbers = new Float32Array(length)
  for (let start = 0; start < length; start += period.length)
    numbers.set(period.subarray(0, length - start), start)
  return numbers
}
