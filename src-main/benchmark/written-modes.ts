import { decoderSize } from '../decode/decoder-size.ts'
import { createKnownCosts } from '../decode/known-costs.ts'
import { expectedSpeedups, type ExpectedSpeedups } from '../decode/plan-lossless.ts'
import {
  createTextGenerator,
  type GenerationMode,
  type LosslessPlan,
  type OpenedModel,
  type TextGenerator,
} from '../decode/text-generator.ts'
import type { Sampling } from '../decode/sampling.ts'
import { pieceTokens } from '../models/trunk-session.ts'
import { generationBytes, processBytes } from '../runtime/memory/estimate.ts'
import { deviceMemory, requireMemory } from '../runtime/memory/require-memory.ts'
import { ownTurn, type Turn } from '../runtime/turns.ts'
import { median } from '../base/median.ts'
import { writeOwnPrompts, type OwnPrompts } from './own-prompts.ts'
import type { PartsOptions } from './parts-benchmark.ts'
import type { Peer } from './token-parts.ts'
import { summariseTexts, writeInTurns, type ModeTexts } from './written-texts.ts'

/** How lossless mode was set, and what its measured costs let expect. */
export interface MeasuredPlan extends Pick<LosslessPlan, 'threshold' | 'steps' | 'costs'>, ExpectedSpeedups {}

/** Texts that base model and SpeLLM wrote in turns, after prompts of about `context` tokens. */
interface WrittenContext {
  readonly context: number
  /** Tokens of the prompts, the median. */
  readonly promptTokens: number
  /** The base model's, then those of the modes. */
  readonly modes: readonly ModeTexts[]
  /** Null: lossless mode wasn't asked for, or nothing is recorded that it could be set by. */
  readonly plan: MeasuredPlan | null
  /** Another program's milliseconds a token in the same turns; null: there is none. */
  readonly peer: { readonly name: string; readonly milliseconds: number } | null
}

/** What is measured of a SpeLLM with token symbols. */
export interface WrittenBenchmark {
  readonly prompts: OwnPrompts['kind']
  /** How tokens were picked; null: the best one. */
  readonly sampling: Sampling | null
  readonly contexts: readonly WrittenContext[]
}

export interface WrittenOptions extends PartsOptions {
  /** Prompts at each context. */
  readonly texts: number
  readonly gateShare: number
  readonly sampling: Sampling | null
}

/** What a pass that writes prompts comes to in progress, relative to a token of a text. */
const promptPassShare = 2

/**
 * Lets a SpeLLM with token symbols and its base model write the same texts in turns, by the generator of `spellm generate`, after
 * prompts that the model asks itself.
 *
 * @throws SpellmError 'out-of-memory', and as `writeOwnPrompts`; CancelledError when the signal fires
 */
export async function measureWrittenModes(
  model: OpenedModel,
  options: WrittenOptions,
): Promise<WrittenBenchmark> {
  const { contexts, texts, steps, threads, signal, turn = ownTurn, onProgress } = options
  const { architecture } = model.base
  const { contextLength } = architecture
  const size = decoderSize(architecture, model.precision, 'cpu')
  const held = Math.min(contextLength, contexts.at(-1)! + steps)
  const pass = { batch: 1, prompt: pieceTokens, context: held, head: 'loaded' } as const
  requireMemory('The benchmark', processBytes(size) + generationBytes(size, pass), await deviceMemory('cpu'))

  const session = threads === undefined ? {} : { threads }
  const modes = ['base', ...options.modes] as const
  const ofTexts = contexts.length * texts * modes.length * steps
  let ofPrompts = 0
  const { kind, byContext } = await writeOwnPrompts(
    model,
    { count: texts, contexts, mostTokens: Math.max(1, contextLength - steps) },
    {
      ...session,
      turn,
      ...(signal ? { signal } : {}),
      onProgress: (done, total) => {
        ofPrompts = promptPassShare * total
        onProgress?.(promptPassShare * done, ofPrompts + ofTexts)
      },
    },
  )
  // What was measured on another day would say nothing of this machine as it is now.
  const generator = await createTextGenerator(model, { ...session, knownCosts: createKnownCosts(null) })
  const measured: WrittenContext[] = []
  let done = ofPrompts
  const onText = () => onProgress?.((done += steps), ofPrompts + ofTexts)
  try {
    for (const [context, prompts] of byContext)
      measured.push(
        await measureContext(generator, { context, prompts, modes }, { ...options, turn, onText }),
      )
  } finally {
    await generator.release()
  }
  // A model may have come to fewer prompts.
  onProgress?.(ofPrompts + ofTexts, ofPrompts + ofTexts)
  return { prompts: kind, sampling: options.sampling, contexts: measured }
}

interface Writing {
  readonly context: number
  readonly prompts: readonly (readonly number[])[]
  readonly modes: readonly GenerationMode[]
}

async function measureContext(
  generator: TextGenerator,
  { context, prompts, modes }: Writing,
  {
    steps,
    candidates,
    gateShare,
    sampling,
    peer,
    signal,
    turn,
    onText,
  }: WrittenOptions & { readonly turn: Turn; readonly onText: () => void },
): Promise<WrittenContext> {
  const promptTokens = median(prompts.map(({ length }) => length))
  await peer?.prepare(context)
  const peerTimes: number[] = []
  const texts = await writeInTurns(generator, prompts, {
    modes,
    maxTokens: steps,
    candidates,
    gateShare,
    sampling,
    turn,
    ...(signal ? { signal } : {}),
    onText,
    onPrompt: async () => {
      if (peer) peerTimes.push(await timeOfPeer(peer, steps, turn))
    },
  })
  return {
    context,
    promptTokens,
    modes: summariseTexts(texts, modes),
    plan: modes.includes('lossless')
      ? await planOf(generator, sampling, Math.ceil(promptTokens), turn)
      : null,
    peer: peer ? { name: peer.name, milliseconds: median(peerTimes) } : null,
  }
}

/** The one that the texts were written with: costs are measured once. */
async function planOf(
  generator: TextGenerator,
  sampling: Sampling | null,
  context: number,
  turn: Turn,
): Promise<MeasuredPlan | null> {
  const plan = await generator.losslessPlan(sampling, context, turn)
  if (!plan) return null
  const { threshold, steps, costs } = plan
  return { threshold, steps, costs, ...expectedSpeedups(plan) }
}

/** Milliseconds a token; its first one finds caches as another program left them and doesn't count. */
async function timeOfPeer(peer: Peer, tokens: number, turn: Turn): Promise<number> {
  return turn(async () => {
    await peer.step()
    const started = performance.now()
    for (let token = 0; token < tokens; token++) await peer.step()
    return (performance.now() - started) / tokens
  })
}
