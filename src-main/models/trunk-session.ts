import {
  argMax,
  cast,
  constant,
  gatherRows,
  input,
  logSoftmax,
  reduceLogSumExp,
  type Value,
} from '../graph/index.ts'
import type { KeyValueCache } from '../runtime/key-value-cache.ts'
import {
  createSession,
  floatData,
  floatTensor,
  halfData,
  int64Data,
  int64Tensor,
  type Feeds,
  type SessionOptions,
  type Tensor,
} from '../runtime/session.ts'
import type { BaseModel } from './base-model.ts'
import type { Matrix } from './blocks.ts'
import { cachedTrunk } from './cached-trunk.ts'
import { headLogits, trunk, windowInputs } from './decoder.ts'
import { symbolTailOutputs, type SymbolTail } from './symbol-tail.ts'
import { tailLogits, type TailShape } from './tail.ts'

/** A tail with its weights, as part of a graph. */
export interface Tail {
  readonly shape: TailShape
  /** A weight by its name in `tailParameterShapes`. */
  readonly weight: (name: string) => Matrix
}

/**
 * What is asked of a pass beyond the trunk: nothing, a tail's answer or, of the LM head, its choice or its logits.
 */
export type OutputHead = 'none' | TailHead | SymbolHead | 'choice' | 'logits'

/** What a tail with token symbols is asked for: the first scores, or those and the scores of the later heads. */
type SymbolHead = 'first' | 'spelled'

/** A SpeLLM's tail, and its second one for sampling. */
const tailHeads = ['tail', 'samplingTail'] as const
export type TailHead = (typeof tailHeads)[number]

const outputOfHead = {
  none: 'hidden',
  tail: 'logProbabilities',
  samplingTail: 'samplingLogProbabilities',
  first: 'firstScores',
  spelled: 'firstScores',
  choice: 'baseChoice',
  logits: 'baseLogits',
} as const satisfies Record<OutputHead, string>

/** What a pass makes of its last token. */
export interface LastPosition {
  /** After the final norm, [d]. */
  readonly hidden: Float32Array
  /** Log-probabilities [k · A] of the tail that was asked for, if the session has it. */
  readonly logProbabilities?: Float32Array
  /** First scores [m + A + context] of a tail with token symbols (`firstScores`), if asked for and the session has it. */
  readonly firstScores?: Float32Array
  /** Log-probabilities [(k − 1) · A] of its other heads, if asked for. */
  readonly spelled?: Float32Array
  /** The base model's greedy choice, if asked for and the session has its LM head. */
  readonly baseChoice?: number
  /** The base model's logits [V], as `baseChoice`. */
  readonly baseLogits?: Float32Array
}

/** A longer text is read in pieces, so that no mask and no turn grows with it. */
export const pieceTokens = 512

/** A trunk that reads tokens one after another, keeping their keys and values. */
export interface TrunkSession {
  /** The most tokens to read in one pass. */
  readonly pieceTokens: number
  createCache(): KeyValueCache
  /** Reads `tokens` [n] after what the cache holds, adds them to it, and returns the hidden states [n, d]. */
  forward(tokens: Int32Array, cache: KeyValueCache): Promise<Float32Array>
  /**
   * The same where only the last token matters, and `outputHead` if the session has that: a pass of its own over tail or
   * head takes longer, since it finds the threads asleep.
   *
   * @param contextRows float32 [context, d]: rows of the LM head that first scores are asked for, too
   */
  forwardLastPosition(
    tokens: Int32Array,
    cache: KeyValueCache,
    outputHead: OutputHead,
    contextRows?: Tensor,
  ): Promise<LastPosition>
  release(): Promise<void>
}

/**
 * Loads the trunk, and tails and the LM head for the last token if asked for. Prompts and single tokens go
 * through the same graph.
 */
export async function createTrunkSession(
  model: BaseModel,
  options: SessionOptions & {
    readonly tails?: Partial<Record<TailHead, Tail>>
    readonly symbolTail?: SymbolTail
    readonly hasHead?: boolean
  } = {},
): Promise<TrunkSession> {
  const { tails = {}, symbolTail, hasHead = false, ...sessionOptions } = options
  const cached = cachedTrunk(model, 1, options.device)
  const { hidden, present } = cached
  const outputs: Record<string, Value> = { hidden, ...present }
  const loadedTails = tailHeads.filter((outputHead) => tails[outputHead])
  for (const outputHead of loadedTails) {
    const { shape, weight } = tails[outputHead]!
    // No rows, no work, where nobody asks for the tail.
    const rows = gatherRows(hidden, input(`${outputHead}Rows`, [`${outputHead}Rows`], 'int64'))
    outputs[outputOfHead[outputHead]] = logSoftmax(tailLogits(shape, weight, rows, 'inference'))
  }
  if (symbolTail) {
    const rows = gatherRows(hidden, input('firstRows', ['firstRows'], 'int64'))
    const contextRows = input('contextRows', ['context', model.architecture.hiddenSize])
    Object.assign(outputs, symbolTailOutputs(symbolTail, rows, contextRows))
  }
  if (hasHead) {
    const last = gatherRows(hidden, constant(BigInt64Array.of(-1n), [1]))
    const logits = headLogits(model.architecture, model.weights, last)
    outputs['baseChoice'] = argMax(logits)
    outputs['baseLogits'] = logits
  }
  const session = await createSession(outputs, {
    ...sessionOptions,
    weightsFolder: model.weights.folder,
    // It reads a prompt once and single tokens for the rest of its life.
    prepack: model.weights.isQuantized,
  })
  const noContext = floatTensor(new Float32Array(0), [0, model.architecture.hiddenSize])
  const canSpell = 'spelled' in outputs
  const none = int64Tensor([], [0])
  const first = int64Tensor([0], [1])
  const read = (ids: Int32Array, cache: KeyValueCache, outputHead: OutputHead, contextRows = noContext) => {
    const asked = outputOfHead[outputHead]
    const names = [
      'hidden',
      ...(asked in outputs ? [asked] : []),
      ...(outputHead === 'spelled' && canSpell ? ['spelled'] : []),
    ]
    const last = (isAsked: boolean) => (isAsked ? int64Tensor([ids.length - 1], [1]) : none)
    const feeds: Feeds = {
      ...Object.fromEntries(loadedTails.map((loaded) => [`${loaded}Rows`, last(loaded === outputHead)])),
      ...(symbolTail
        ? {
            firstRows: last(outputHead === 'first' || outputHead === 'spelled'),
            ...(canSpell ? { spelledRows: outputHead === 'spelled' ? first : none } : {}),
            contextRows,
          }
        : {}),
    }
    return cached.read(session, [ids], [cache], names, feeds)
  }
  return {
    pieceTokens,
    createCache: () => cached.createCaches()[0]!,
    forward: async (tokens, cache) => floatData((await read(tokens, cache, 'none'))['hidden']),
    forwardLastPosition: async (tokens, cache, outputHead, contextRows) => {
      const results = await read(tokens, cache, outputHead, contextRows)
      const states = floatData(results['hidden'])
      const hidden = tokens.length === 1 ? states : states.slice(-model.architecture.hiddenSize)
      return { hidden, ...answerOf(results) }
    },
    release: async () => {
      await cached.release()
      await session.release()
    },
  }
}

/** What a pass computed beyond the trunk. */
function answerOf(results: Readonly<Record<string, Tensor>>): Omit<LastPosition, 'hidden'> {
  const { logProbabilities = results[outputOfHead.samplingTail], baseChoice, baseLogits } = results
  if (logProbabilities) return { logProbabilities: floatData(logProbabilities) }
  const { firstScores, spelled } = results
  if (firstScores)
    return { firstScores: floatData(firstScores), ...(spelled ? { spelled: floatData(spelled) } : {}) }
  if (baseChoice) return { baseChoice: int64Data(baseChoice)[0]! }
  if (baseLogits) return { baseLogits: floatData(baseLogits) }
  return {}
}

/** Reads whole windows of text at once, without a cache: what the teacher does. */
export interface WindowSession {
  /**
   * float16 hidden states [batch · tokens, d], and of the base model's logits after each position the largest one's token
   * and the logarithm of the sum of their exponentials.
   */
  forward(tokens: Int32Array): Promise<{
    readonly hidden: Uint16Array
    readonly choices: Int32Array
    readonly logZ: Float32Array
  }>
  release(): Promise<void>
}

/** Loads trunk and LM head for windows of a fixed shape. The choices are the arg-max of float32 logits. */
export async function createWindowSession(
  model: BaseModel,
  { batch, tokens, ...options }: SessionOptions & { readonly batch: number; readonly tokens: number },
): Promise<WindowSession> {
  const { hidden } = trunk(model.architecture, model.weights, windowInputs(batch, tokens), 'inference')
  const logits = headLogits(model.architecture, model.weights, hidden)
  const session = await createSession(
    { hidden: cast(hidden, 'float16'), choices: argMax(logits), logZ: reduceLogSumExp(logits) },
    { ...options, weightsFolder: model.weights.folder },
  )
  return {
    forward: async (ids) => {
      const results = await session.run({ tokens: int64Tensor(ids, [batch, tokens]) })
      return {
        hidden: halfData(results['hidden']),
        choices: int64Data(results['choices']),
        logZ: floatData(results['logZ']),
      }
    },
    release: () => session.release(),
  }
}
