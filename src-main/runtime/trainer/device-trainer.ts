import {
  adamWUpdate,
  clipScale,
  globalNorm,
  gradients,
  input,
  multiply,
  type Value,
} from '../../graph/index.ts'
import { createSession, floatData, floatTensor, type Device, type Session, type Tensor } from '../session.ts'
import { flatLayout, type FlatEntry } from './flat-layout.ts'
import { scheduleInputs, scheduleName, schedulesAt } from './schedules.ts'
import type { Trainer, TrainerOptions, TrainerState, TrainingGraph } from './trainer.ts'

/** One graph for loss, gradients and update; parameters and moments never leave the device. */
export async function createDeviceTrainer(
  graph: TrainingGraph,
  initial: TrainerState,
  options: TrainerOptions,
): Promise<Trainer> {
  const entries = flatLayout(graph.parameters)
  const stateNames = entries.flatMap(({ name }) => [name, `first.${name}`, `second.${name}`])
  const metricNames = Object.keys(graph.metrics ?? {})
  const session = await createSession(
    { ...graph.metrics, loss: graph.loss, ...updateOf(graph, entries, options) },
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

/** The gradients' `norm`, and parameters and moments after a step: `next.NAME`, `next.first.NAME` and `next.second.NAME`. */
function updateOf(
  { loss, parameters }: TrainingGraph,
  entries: readonly FlatEntry[],
  options: TrainerOptions,
): Record<string, Value> {
  const gradientValues = gradients(
    loss,
    entries.map(({ name }) => parameters.get(name)!.value),
  )
  const norm = globalNorm(gradientValues)
  const scale = clipScale(norm, options.maxGradientNorm)
  const schedules = new Map(
    entries.map((entry) => [scheduleName(entry), scheduleInputs(scheduleName(entry))]),
  )
  const outputs: Record<string, Value> = { norm }
  entries.forEach((entry, i) => {
    const { name, shape } = entry
    const updated = adamWUpdate(
      parameters.get(name)!.value,
      multiply(gradientValues[i]!, scale),
      { first: input(`first.${name}`, shape), second: input(`second.${name}`, shape) },
      schedules.get(scheduleName(entry))!,
      options,
    )
    outputs[`next.${name}`] = updated.parameter
    outputs[`next.first.${name}`] = updated.first
    outputs[`next.second.${name}`] = updated.second
  })
  return outputs
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
