import {
  adamWUpdate,
  globalNorm,
  gradients,
  input,
  multiply,
  type AdamWHyperparameters,
  type Value,
} from '../../graph/index.ts'
import { createSession, floatData, floatTensor, scalarTensor } from '../session.ts'
import { flatLayout, type FlatEntry } from './flat-layout.ts'
import { scheduleInputs, scheduleName, schedulesAt } from './schedules.ts'
import type { Trainer, TrainerOptions, TrainerState, TrainingGraph } from './trainer.ts'

/** Elements of one run of the optimiser's graph: parameter, gradient and moments of a chunk fit the cache. */
const chunkSize = 256 * 1024

/**
 * onnxruntime copies each output into a new JavaScript buffer, so the optimiser is a graph of its own that runs
 * on the CPU in place over chunks of flat buffers; only the gradients are outputs of the device.
 */
export async function createHostTrainer(
  graph: TrainingGraph,
  initial: TrainerState,
  options: TrainerOptions,
): Promise<Trainer> {
  const layout = flatLayout(graph.parameters)
  const flat = flatBuffers(layout, initial)
  const view = (buffer: Float32Array, { start, size, shape }: FlatEntry) =>
    floatTensor(buffer.subarray(start, start + size), shape)
  const parameters = Object.fromEntries(layout.map((entry) => [entry.name, view(flat.parameter, entry)]))
  const gradientNames = layout.map(({ name }) => `gradient.${name}`)
  const gradientTensors = Object.fromEntries(
    layout.map((entry) => [`gradient.${entry.name}`, view(flat.gradient, entry)]),
  )

  const values = layout.map(({ name }) => graph.parameters.get(name)!.value)
  const gradientValues = gradients(graph.loss, values)
  const metricNames = Object.keys(graph.metrics ?? {})
  const threads = options.threads === undefined ? {} : { threads: options.threads }
  const gradientSession = await createSession(
    {
      ...graph.metrics,
      loss: graph.loss,
      norm: globalNorm(gradientValues),
      ...Object.fromEntries(gradientNames.map((name, i) => [name, gradientValues[i]!])),
    },
    { device: options.device, ...threads },
  )
  const optimizer = await createSession(chunkUpdate(options), threads)
  const chunks = chunksOf(layout).map((chunk) => chunkTensors(flat, chunk))
  const fetched = Object.fromEntries([...metricNames, 'loss', 'norm'].map((name) => [name, null]))
  let step = initial.step

  return {
    step: async (feeds, learningRates) => {
      const results = await gradientSession.run(
        { ...feeds, ...parameters },
        { ...fetched, ...gradientTensors },
      )
      const loss = floatData(results['loss'])[0]!
      const gradientNorm = floatData(results['norm'])[0]!
      step++
      const scale = scalarTensor(Math.min(1, options.maxGradientNorm / (gradientNorm + 1e-6)))
      const schedules = schedulesAt(step, layout, learningRates, options)
      for (const { state, inPlace, gradient, schedule } of chunks)
        await optimizer.run({ ...state, gradient, scale, ...schedules.get(schedule) }, inPlace)
      return {
        loss,
        gradientNorm,
        metrics: Object.fromEntries(metricNames.map((name) => [name, results[name]!])),
      }
    },
    state: () => {
      const copy = (buffer: Float32Array, { start, size }: FlatEntry) => buffer.slice(start, start + size)
      const tensors = new Map(
        layout.map((entry) => [
          entry.name,
          {
            parameter: copy(flat.parameter, entry),
            first: copy(flat.first, entry),
            second: copy(flat.second, entry),
          },
        ]),
      )
      return Promise.resolve({ step, tensors })
    },
    parameters: () => parameters,
    release: async () => {
      await gradientSession.release()
      await optimizer.release()
    },
  }
}

/** Parameters, gradients and moments of all entries in a row, each [all elements]. */
type FlatBuffers = Readonly<Record<'parameter' | 'gradient' | 'first' | 'second', Float32Array>>

function flatBuffers(layout: readonly FlatEntry[], { tensors }: TrainerState): FlatBuffers {
  const total = layout.reduce((sum, { size }) => sum + size, 0)
  const flat = {
    parameter: new Float32Array(total),
    gradient: new Float32Array(total),
    first: new Float32Array(total),
    second: new Float32Array(total),
  }
  for (const { name, start } of layout) {
    const saved = tensors.get(name)!
    flat.parameter.set(saved.parameter, start)
    flat.first.set(saved.first, start)
    flat.second.set(saved.second, start)
  }
  return flat
}

/** Elements that one run of the optimiser's graph updates. */
interface Chunk {
  start: number
  end: number
  schedule: string
}

/** Views of a chunk: its state is fed, and written in place. */
function chunkTensors(flat: FlatBuffers, { start, end, schedule }: Chunk) {
  const part = (buffer: Float32Array) => floatTensor(buffer.subarray(start, end), [end - start])
  const state = { parameter: part(flat.parameter), first: part(flat.first), second: part(flat.second) }
  const inPlace = {
    'next.parameter': state.parameter,
    'next.first': state.first,
    'next.second': state.second,
  }
  return { state, inPlace, gradient: part(flat.gradient), schedule }
}

function chunksOf(layout: readonly FlatEntry[]): Chunk[] {
  const chunks: Chunk[] = []
  for (const entry of layout) {
    const { start, size } = entry
    const schedule = scheduleName(entry)
    const end = start + size
    let from = start
    const open = chunks.at(-1)
    if (open?.schedule === schedule && open.end - open.start < chunkSize) {
      open.end = Math.min(end, open.start + chunkSize)
      from = open.end
    }
    for (; from < end; from += chunkSize)
      chunks.push({ start: from, end: Math.min(end, from + chunkSize), schedule })
  }
  return chunks
}

function chunkUpdate(hyperparameters: AdamWHyperparameters): Record<string, Value> {
  const chunk = (name: string) => input(name, ['elements'])
  const gradient = multiply(chunk('gradient'), input('scale', []))
  const moments = { first: chunk('first'), second: chunk('second') }
  const next = adamWUpdate(chunk('parameter'), gradient, moments, scheduleInputs(''), hyperparameters)
  return { 'next.parameter': next.parameter, 'next.first': next.first, 'next.second': next.second }
}
