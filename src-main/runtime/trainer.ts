import {
  adamWUpdate,
  clipScale,
  globalNorm,
  gradients,
  input,
  multiply,
  staticElementCount,
  type AdamWHyperparameters,
  type AdamWSchedule,
  type Value,
} from '../graph/index.ts'
import { keepsOutputs } from './devices/provider-options.ts'
import {
  createSession,
  floatData,
  floatTensor,
  scalarTensor,
  type Device,
  type Feeds,
  type Session,
  type Tensor,
} from './session.ts'

/** A tensor that is trained. */
export interface Parameter {
  /** The graph's input for it; its name is the parameter's name. */
  readonly value: Value
  /** Parameters of a group share a learning rate. */
  readonly group: string
  /** Whether weight decay applies (matrices yes, gains and biases no, by convention). */
  readonly decays: boolean
}

export interface TrainingGraph {
  readonly loss: Value
  readonly parameters: ReadonlyMap<string, Parameter>
  /** Further outputs to fetch at each step, by name. */
  readonly metrics?: Readonly<Record<string, Value>>
}

export interface TrainerOptions extends AdamWHyperparameters {
  readonly device: Device
  readonly weightDecay: number
  /** The gradients' global norm is clipped to this. */
  readonly maxGradientNorm: number
  readonly threads?: number
}

/** What is saved and restored: every parameter with its two moments, and the number of steps taken. */
export interface TrainerState {
  readonly step: number
  /** name → float32 data of the parameter, its first and its second moment. */
  readonly tensors: ReadonlyMap<
    string,
    { readonly parameter: Float32Array; readonly first: Float32Array; readonly second: Float32Array }
  >
}

export interface StepResult {
  readonly loss: number
  /** Before clipping. */
  readonly gradientNorm: number
  readonly metrics: Readonly<Record<string, Tensor>>
}

/** Minimises a loss with AdamW. Parameters and moments live on the device where it can keep them. */
export interface Trainer {
  /** One optimiser step; `learningRates` has one for each group. */
  step(feeds: Feeds, learningRates: Readonly<Record<string, number>>): Promise<StepResult>
  /** A copy of everything needed to go on later. */
  state(): Promise<TrainerState>
  /** The current parameters as tensors that other sessions of this device can read; valid until the next step. */
  parameters(): Feeds
  release(): Promise<void>
}

/** Starts from `initial`: fresh parameters (step 0, zero moments) or a saved state. */
export async function createTrainer(
  graph: TrainingGraph,
  initial: TrainerState,
  options: TrainerOptions,
): Promise<Trainer> {
  return keepsOutputs(options.device)
    ? createDeviceTrainer(graph, initial, options)
    : createHostTrainer(graph, initial, options)
}

/** A state at step 0. */
export function freshState(parameters: ReadonlyMap<string, Float32Array>): TrainerState {
  const tensors = new Map(
    [...parameters].map(([name, parameter]) => [
      name,
      { parameter, first: new Float32Array(parameter.length), second: new Float32Array(parameter.length) },
    ]),
  )
  return { step: 0, tensors }
}

/** The parameters of a state without their moments. */
export function parametersOf({ tensors }: TrainerState): Map<string, Float32Array> {
  return new Map([...tensors].map(([name, { parameter }]) => [name, parameter]))
}

/** Elements of one run of the optimiser's graph: parameter, gradient and moments of a chunk fit the cache. */
const chunkSize = 256 * 1024

/**
 * onnxruntime copies each output into a new JavaScript buffer, so the optimiser is a graph of its own that runs
 * on the CPU in place over chunks of flat buffers; only the gradients are outputs of the device.
 */
async function createHostTrainer(
  graph: TrainingGraph,
  initial: TrainerState,
  options: TrainerOptions,
): Promise<Trainer> {
  const layout = flatLayout(graph.parameters)
  const total = layout.reduce((sum, { size }) => sum + size, 0)
  const flat = {
    parameter: new Float32Array(total),
    gradient: new Float32Array(total),
    first: new Float32Array(total),
    second: new Float32Array(total),
  }
  for (const { name, start } of layout) {
    const saved = initial.tensors.get(name)!
    flat.parameter.set(saved.parameter, start)
    flat.first.set(saved.first, start)
    flat.second.set(saved.second, start)
  }
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
  const chunks = chunksOf(layout).map(({ start, end, schedule }) => {
    const part = (buffer: Float32Array) => floatTensor(buffer.subarray(start, end), [end - start])
    const state = { parameter: part(flat.parameter), first: part(flat.first), second: part(flat.second) }
    const inPlace = {
      'next.parameter': state.parameter,
      'next.first': state.first,
      'next.second': state.second,
    }
    return { state, inPlace, gradient: part(flat.gradient), schedule }
  })
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

/** One graph for loss, gradients and update; parameters and moments never leave the device. */
async function createDeviceTrainer(
  graph: TrainingGraph,
  initial: TrainerState,
  options: TrainerOptions,
): Promise<Trainer> {
  const entries = flatLayout(graph.parameters)
  const gradientValues = gradients(
    graph.loss,
    entries.map(({ name }) => graph.parameters.get(name)!.value),
  )
  const norm = globalNorm(gradientValues)
  const scale = clipScale(norm, options.maxGradientNorm)
  const outputs: Record<string, Value> = {}
  const schedules = new Map(
    entries.map((entry) => [scheduleName(entry), scheduleInputs(scheduleName(entry))]),
  )
  entries.forEach((entry, i) => {
    const { name, shape } = entry
    const updated = adamWUpdate(
      graph.parameters.get(name)!.value,
      multiply(gradientValues[i]!, scale),
      { first: input(`first.${name}`, shape), second: input(`second.${name}`, shape) },
      schedules.get(scheduleName(entry))!,
      options,
    )
    outputs[`next.${name}`] = updated.parameter
    outputs[`next.first.${name}`] = updated.first
    outputs[`next.second.${name}`] = updated.second
  })
  const stateNames = entries.flatMap(({ name }) => [name, `first.${name}`, `second.${name}`])
  const metricNames = Object.keys(graph.metrics ?? {})
  const session = await createSession(
    { ...graph.metrics, loss: graph.loss, norm, ...outputs },
    { device: options.device, keepOnDevice: stateNames.map((name) => `next.${name}`) },
  )
  const download = await createDownload(entries, options.device)
  let onDevice: Record<string, Tensor> = {}
  for (const { name, shape } of entries) {
    const saved = initial.tensors.get(name)!
    onDevice[name] = floatTensor(saved.parameter, shape)
    onDevice[`first.${name}`] = floatTensor(saved.first, shape)
    onDevice[`second.${name}`] = floatTensor(saved.second, shape)
  }
  let step = initial.step

  return {
    step: async (feeds, learningRates) => {
      step++
      const scheduleFeeds: Record<string, Tensor> = {}
      for (const [schedule, tensors] of schedulesAt(step, entries, learningRates, options))
        for (const [name, tensor] of Object.entries(tensors)) scheduleFeeds[`${schedule}.${name}`] = tensor
      const results = await session.run({ ...feeds, ...onDevice, ...scheduleFeeds })
      const previous = onDevice
      onDevice = Object.fromEntries(stateNames.map((name) => [name, results[`next.${name}`]!]))
      for (const tensor of Object.values(previous)) if (tensor.location !== 'cpu') tensor.dispose()
      return {
        loss: floatData(results['loss'])[0]!,
        gradientNorm: floatData(results['norm'])[0]!,
        metrics: Object.fromEntries(metricNames.map((name) => [name, results[name]!])),
      }
    },
    state: async () => {
      const tensors = new Map<
        string,
        { parameter: Float32Array; first: Float32Array; second: Float32Array }
      >()
      for (const { name, shape } of entries) {
        const [parameter, first, second] = [
          await download.read(onDevice[name]!, shape),
          await download.read(onDevice[`first.${name}`]!, shape),
          await download.read(onDevice[`second.${name}`]!, shape),
        ]
        tensors.set(name, { parameter, first, second })
      }
      return { step, tensors }
    },
    parameters: () => Object.fromEntries(entries.map(({ name }) => [name, onDevice[name]!])),
    release: async () => {
      for (const tensor of Object.values(onDevice)) if (tensor.location !== 'cpu') tensor.dispose()
      await session.release()
      await download.release()
    },
  }
}

/**
 * Reads tensors back from a device. onnxruntime-node cannot download a device tensor (`getData` ends the
 * process), so a graph that only copies it to a CPU output does it.
 */
async function createDownload(entries: readonly FlatEntry[], device: Device) {
  const sessions = new Map<string, Session>()
  for (const { shape } of entries) {
    const key = shape.join('x')
    if (!sessions.has(key))
      sessions.set(key, await createSession({ copy: input('tensor', shape) }, { device }))
  }
  return {
    read: async (tensor: Tensor, shape: readonly number[]): Promise<Float32Array> => {
      if (tensor.location === 'cpu') return floatData(tensor).slice()
      const { copy } = await sessions.get(shape.join('x'))!.run({ tensor })
      return floatData(copy)
    },
    release: async () => {
      for (const session of sessions.values()) await session.release()
    },
  }
}

interface FlatEntry {
  readonly name: string
  readonly shape: readonly number[]
  readonly start: number
  readonly size: number
  readonly group: string
  readonly decays: boolean
}

/** Parameters one after another, those that share a schedule side by side. */
function flatLayout(parameters: ReadonlyMap<string, Parameter>): FlatEntry[] {
  const sorted = [...parameters].sort(([, a], [, b]) => {
    const [left, right] = [scheduleName(a), scheduleName(b)]
    return left < right ? -1 : left > right ? 1 : 0
  })
  let start = 0
  return sorted.map(([name, { value, group, decays }]) => {
    const entry = {
      name,
      shape: value.shape.map(Number),
      start,
      size: staticElementCount(value.shape),
      group,
      decays,
    }
    start += entry.size
    return entry
  })
}

function chunksOf(layout: readonly FlatEntry[]) {
  const chunks: { start: number; end: number; schedule: string }[] = []
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

/** Parameters of one group that agree about weight decay share their schedule. */
function scheduleName({ group, decays }: Pick<Parameter, 'group' | 'decays'>): string {
  return `${group}.${decays ? 'decaying' : 'constant'}`
}

function scheduleInputs(prefix: string): AdamWSchedule {
  const at = (name: string) => input(prefix ? `${prefix}.${name}` : name, [])
  return {
    stepSize: at('stepSize'),
    secondMomentCorrection: at('secondMomentCorrection'),
    decay: at('decay'),
  }
}

function chunkUpdate(hyperparameters: AdamWHyperparameters): Record<string, Value> {
  const chunk = (name: string) => input(name, ['elements'])
  const gradient = multiply(chunk('gradient'), input('scale', []))
  const moments = { first: chunk('first'), second: chunk('second') }
  const next = adamWUpdate(chunk('parameter'), gradient, moments, scheduleInputs(''), hyperparameters)
  return { 'next.parameter': next.parameter, 'next.first': next.first, 'next.second': next.second }
}

/** The schedule's inputs at `step`, for each schedule name. */
function schedulesAt(
  step: number,
  entries: readonly FlatEntry[],
  learningRates: Readonly<Record<string, number>>,
  { beta1, beta2, weightDecay }: TrainerOptions,
): Map<string, Record<keyof AdamWSchedule, Tensor>> {
  const schedules = new Map<string, Record<keyof AdamWSchedule, Tensor>>()
  for (const entry of entries) {
    if (schedules.has(scheduleName(entry))) continue
    const learningRate = learningRates[entry.group]!
    schedules.set(scheduleName(entry), {
      stepSize: scalarTensor(learningRate / (1 - beta1 ** step)),
      secondMomentCorrection: scalarTensor(1 / (1 - beta2 ** step)),
      decay: scalarTensor(1 - learningRate * (entry.decays ? weightDecay : 0)),
    })
  }
  return schedules
}
