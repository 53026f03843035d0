import {
  initialSymbolTail,
  symbolBatches,
  type SymbolTeacher,
} from '../../src-main/distill/distill-symbols.ts'
import { symbolLoss } from '../../src-main/distill/symbol-training.ts'
import type { TargetCache } from '../../src-main/distill/target-cache.ts'
import { tailParameters } from '../../src-main/distill/tail-training.ts'
import { readChunk, type TeacherCache } from '../../src-main/distill/teacher-cache.ts'
import { trainTail, type DistillSettings } from '../../src-main/distill/train-tail.ts'
import { constant, input } from '../../src-main/graph/index.ts'
import { widen } from '../../src-main/models/blocks.ts'
import type { TailShape } from '../../src-main/models/tail.ts'
import { createSession, floatData, floatTensor } from '../../src-main/runtime/session.ts'
import {
  freshState,
  type Parameter,
  type TrainerState,
  type TrainingGraph,
} from '../../src-main/runtime/trainer/index.ts'
import type { Speller } from '../../src-main/spelling/speller.ts'
import {
  attendedStates,
  initialLayer,
  layerParameterShapes,
  textMask,
  type DecoderLayer,
} from './decoder-layer.ts'

/** A tail that reads what a decoder layer makes of the states, and what it learns from. */
export interface LayeredTail {
  readonly layer: DecoderLayer
  readonly shape: TailShape
  readonly speller: Speller
  /** Filled, of a text that the model wrote. */
  readonly targets: TargetCache
  readonly teacher: SymbolTeacher
}

/**
 * `distillSymbols` for a tail behind a decoder layer, on the CPU. A batch is of whole windows, since a position attends to
 * others of its text; in each epoch the windows come in another order.
 *
 * @param settings `batchTokens` is a multiple of the window's tokens
 */
export async function distillLayer(
  { layer, shape, speller, targets, teacher }: LayeredTail,
  settings: DistillSettings,
): Promise<TrainerState> {
  const tail = await initialSymbolTail(shape, targets, teacher, settings.seed)
  const initial = freshState(new Map([...tail, ...initialLayer(layer, settings.seed)]))
  const windows = settings.batchTokens / layer.tokens
  const prepare = symbolBatches(shape, speller, targets)
  const begins = await textBegins(targets.cache, layer)
  const size = targets.cache.positionsPerChunk
  const task = {
    graph: layerTrainingGraph(layer, shape, windows),
    together: layer.tokens,
    prepare: async (choices: Int32Array, chunks: readonly number[]) => {
      const batchOf = await prepare(choices, chunks)
      return (positions: Uint32Array, step: number) => {
        const batch = batchOf(positions, step)
        const own = Int32Array.from(positions, (at) => begins[chunks[Math.floor(at / size)]!]![at % size]!)
        const mask = floatTensor(textMask(own, layer.tokens), [windows, 1, layer.tokens, layer.tokens])
        return { ...batch, feeds: { ...batch.feeds, mask } }
      }
    },
  }
  return trainTail(task, targets.cache, settings, initial, {
    device: 'cpu',
    onStep: () => Promise.resolve(),
  })
}

/** Inputs: `hidden` float16 [windows · tokens, d], `mask` as `attendedStates` has it, and those of `symbolLoss`. */
function layerTrainingGraph(layer: DecoderLayer, shape: TailShape, windows: number): TrainingGraph {
  const { tokens, hiddenSize } = layer
  const parameters: Map<string, Parameter> = tailParameters(shape)
  for (const [name, size] of layerParameterShapes(layer))
    parameters.set(name, { value: input(name, size), group: 'adapter', decays: true })
  const hidden = widen(input('hidden', [windows * tokens, hiddenSize], 'float16'))
  const mask = input('mask', [windows, 1, tokens, tokens])
  const states = attendedStates(layer, (name) => parameters.get(name)!.value, hidden, mask)
  return symbolLoss(shape, parameters, states, 'float16')
}

/** Of each position of each chunk, where its text begins in its window. */
async function textBegins(cache: TeacherCache, { tokens }: DecoderLayer): Promise<Int32Array[]> {
  const begins: Int32Array[] = []
  for (let chunk = 0; chunk < cache.chunks; chunk++) {
    const { starts } = await readChunk(cache, chunk)
    if (!starts) throw new Error('the training cache was not written by the model')
    begins.push(starts.map((start, at) => start - (at - (at % tokens))))
  }
  return begins
}

/** A learnt layer that reads one window at a time. */
export interface LayerSession {
  /**
   * @param hidden [tokens · d]
   * @param begins where the text of each position begins in the window, [tokens]
   * @returns what the tail reads, [tokens · d]
   */
  states(hidden: Float32Array, begins: Int32Array): Promise<Float32Array>
  release(): Promise<void>
}

/** Loads it. */
export async function createLayerSession(
  layer: DecoderLayer,
  weights: ReadonlyMap<string, Float32Array>,
): Promise<LayerSession> {
  const { tokens, hiddenSize } = layer
  const shapes = layerParameterShapes(layer)
  const session = await createSession({
    states: attendedStates(
      layer,
      (name) => constant(weights.get(name)!, shapes.get(name)!),
      input('hidden', [tokens, hiddenSize]),
      input('mask', [1, 1, tokens, tokens]),
    ),
  })
  return {
    states: async (hidden, begins) => {
      const results = await session.run({
        hidden: floatTensor(hidden, [tokens, hiddenSize]),
        mask: floatTensor(textMask(begins, tokens), [1, 1, tokens, tokens]),
      })
      return floatData(results['states'])
    },
    release: () => session.release(),
  }
}
