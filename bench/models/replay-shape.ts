import { join } from 'node:path'
import { z } from 'zod'
import { storedUsage } from '../../src-main/conversion/choose-symbols.ts'
import { createPicker } from '../../src-main/decode/picker.ts'
import { costsInMemory } from '../../src-main/decode/known-costs.ts'
import { loadModel, type LoadedModel } from '../../src-main/decode/load-model.ts'
import { measureCosts, passCosts, type MeasuredCosts } from '../../src-main/decode/measure-costs.ts'
import { createModeParts } from '../../src-main/decode/mode-parts.ts'
import { expectedSpeedups, plainTextTokens, planLossless } from '../../src-main/decode/plan-lossless.ts'
import { replayedMilliseconds, simulate } from '../../src-main/decode/replay.ts'
import { symbolDrafter } from '../../src-main/decode/symbol-drafter.ts'
import { modeBytes } from '../../src-main/evaluate/mode-bytes.ts'
import { median, quartiles } from '../../src-main/base/median.ts'
import { precisions, type Precision } from '../../src-main/models/precision.ts'
import { ownTurn } from '../../src-main/runtime/turns.ts'
import { doubtsFile, findSpellm, openSpellm, type Spellm } from '../../src-main/spellm/spellm.ts'
import { readDoubts, type RecordedDoubts } from '../../src-main/spellm/doubts.ts'
import { loopFreeDoubts } from './loop-free-doubts.ts'
import { randomSpellm } from './random-spellm.ts'
import type { ShapeName } from './shapes.ts'

const milliseconds = z.number()

/** Doubts replayed at the costs of one shape, precision and context: medians of repeated measurements. */
export const replayedCaseSchema = z.object({
  shape: z.string(),
  weights: z.enum(['real', 'random']),
  precision: z.enum(precisions),
  /** Tokens in the cache. */
  context: z.int(),
  threads: z.int().nullable(),
  tokenSymbols: z.int(),
  /** Bytes that the tail reads a token without a doubt, of the head's. */
  tailShare: z.number(),
  trunk: milliseconds,
  tail: milliseconds,
  /** Of base mode's own head, one state. */
  baseHead: milliseconds,
  /** Which head verifies, and what it takes over several states. */
  verifier: z.enum(['own', 'int8']),
  head: z.array(z.object({ rows: z.int(), milliseconds })),
  threshold: z.number(),
  steps: z.int(),
  /** Passes a token, and states a pass of the head. */
  trunkPasses: z.number(),
  headPasses: z.number(),
  rows: z.number(),
  /** Of lossless mode relative to base mode with its own head; the verifying head alone writes where drafting is slower. */
  speedup: z.number(),
  speedupQuartiles: z.tuple([z.number(), z.number()]),
  /** Of drafting itself, which the passes above are of. */
  drafting: z.number(),
  /** The same, of the positions that don't repeat their text; null: nobody can tell them apart any more. */
  noLoops: z.number().nullable(),
  /** Of base mode with the exact int8 head alone; null: it isn't what verifies. */
  int8Alone: z.number().nullable(),
  /** Of a model without any head or tail. */
  limit: z.number(),
})
export type ReplayedCase = z.infer<typeof replayedCaseSchema>

export interface ReplayOptions {
  /** A finished run's folder, or a SpeLLM's. */
  readonly run: string
  /** 'own': the run's own model. */
  readonly shape: ShapeName | 'own'
  readonly precision: Precision
  /** For weights that are made. */
  readonly folder: string
  readonly contexts: readonly number[]
  /** Measurements of each context, in turns. */
  readonly repeats: number
  readonly threads: number | undefined
}

/** Nobody waits, and long contexts are measured as they are. */
const limits = { milliseconds: 10_000, cacheBytes: 8e9 }

/** Measures what passes of a shape cost, and replays a run's doubts at these costs. */
export async function replayShape(options: ReplayOptions): Promise<ReplayedCase[]> {
  const { run, shape, precision, folder, contexts, repeats, threads } = options
  const source = findSpellm(run)
  if (source === null) throw new Error(`${run} holds no SpeLLM.`)
  const doubts = await readDoubts(join(source, doubtsFile))
  const noLoops = await loopFreeDoubts(run, doubts)
  const spellm =
    shape === 'own'
      ? await openSpellm(source, { precision, quantization: { folder } })
      : await randomSpellm(shape, precision, folder, doubts, await storedUsage(run))
  const measure = await loadMeasured(spellm, shape === 'own', threads)
  const measured = new Map<number, MeasuredCosts[]>(contexts.map((context) => [context, []]))
  for (let repeat = 0; repeat < repeats; repeat++)
    for (const context of contexts) measured.get(context)!.push(await measure(context))
  const about = {
    shape,
    weights: shape === 'own' ? 'real' : 'random',
    precision,
    threads: threads ?? null,
    tokenSymbols: spellm.speller.alphabet.tokenSymbols?.length ?? 0,
    tailShare: modeBytes(spellm, 'cpu').first,
  } as const
  return contexts.map((context) => ({
    ...about,
    context,
    ...replayed(measured.get(context)!, doubts, noLoops),
  }))
}

/** Loads a SpeLLM as `spellm generate` does. @returns measures its costs after a number of tokens */
async function loadMeasured(
  spellm: Spellm,
  isReal: boolean,
  threads: number | undefined,
): Promise<(context: number) => Promise<MeasuredCosts>> {
  const { base, tokenizer } = spellm
  const { architecture } = base
  const session = threads === undefined ? {} : { threads }
  const loaded: LoadedModel = await loadModel(
    base,
    spellm,
    {
      texts: 1,
      validTokens: tokenizer.vocabularySize,
      beforeHead: () => Promise.resolve(),
      isFree: () => Promise.resolve(true),
    },
    session,
  )
  const machine = { device: 'cpu', threads, knownCosts: costsInMemory } as const
  const parts = createModeParts(loaded, { path: '', base, spellm, tokenizer, ...machine })
  const picker = createPicker(null)
  const { trunk } = loaded
  // To random weights no text is plain.
  const text = isReal ? { text: plainTextTokens((plain) => tokenizer.encode(plain), architecture) } : {}
  return (context) =>
    loaded.int8.compare(async (int8) => {
      const head = await loaded.head()
      const picks = {
        own: (hidden: Float32Array) => head.choices(hidden),
        ...(int8 ? { int8: (hidden: Float32Array) => int8.choices(hidden) } : {}),
      }
      const drafter = symbolDrafter({ ...parts.symbols(picker)!, threshold: Infinity })
      const measured = { trunk, drafter, picks, architecture, device: 'cpu', ...text } as const
      return { isKept: true, result: await measureCosts(measured, context, ownTurn, limits) }
    })
}

/** Each measurement chooses its own threshold and steps; what is reported of these is the middle one's. */
function replayed(
  measured: readonly MeasuredCosts[],
  doubts: RecordedDoubts,
  noLoops: RecordedDoubts | null,
) {
  const plans = measured
    .map((costs) => {
      const plan = planLossless(doubts, costs)
      return { plan, costs, expected: expectedSpeedups(plan) }
    })
    .sort((a, b) => a.expected.lossless - b.expected.lossless)
  const { plan, costs, expected } = plans[plans.length >> 1]!
  const { threshold, steps } = plan
  const found = simulate(doubts, threshold, steps)
  const speedups = plans.map((each) => each.expected.lossless)
  const withoutLoops =
    noLoops &&
    plans.map(({ plan, costs }) => {
      const replay = simulate(noLoops, plan.threshold, plan.steps)
      const msPerToken = replayedMilliseconds(replay, passCosts(costs))
      return expectedSpeedups({ costs, msPerToken }).lossless
    })
  return {
    ...costs,
    threshold,
    steps,
    trunkPasses: found.trunkPasses,
    headPasses: found.headPasses,
    rows: found.rowsPerHeadPass,
    speedup: median(speedups),
    speedupQuartiles: quartiles(speedups),
    drafting: (costs.trunk + costs.baseHead) / plan.msPerToken,
    noLoops: withoutLoops && median(withoutLoops),
    int8Alone: expected.int8Alone,
    limit: (costs.trunk + costs.baseHead) / costs.trunk,
  }
}
