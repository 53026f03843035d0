import type { BaseModel } from '../models/base-model.ts'
import type { Device } from '../runtime/devices/device.ts'
import type { Turn } from '../runtime/turns.ts'
import { alphabetSize } from '../spelling/alphabet.ts'
import type { RecordedDoubts } from '../spellm/doubts.ts'
import type { Spellm } from '../spellm/spellm.ts'
import type { Drafter } from './drafter.ts'
import type { KnownCosts } from './known-costs.ts'
import type { LoadedModel } from './load-model.ts'
import { longestGap } from './lossless.ts'
import { measureCosts, passCosts, type MeasuredCosts } from './measure-costs.ts'
import { createPicker, type Picker } from './picker.ts'
import { chooseSettings, type LosslessSettings, type PassCosts } from './replay.ts'
import type { Sampling } from './sampling.ts'

/** How lossless mode is set on this machine, and what it is expected to come to. */
export interface LosslessPlan extends LosslessSettings {
  /** What it is reckoned from. */
  readonly costs: MeasuredCosts
}

/** The threshold and steps that pay best for a SpeLLM whose doubts were recorded, and keep nobody waiting. */
export function planLossless(doubts: RecordedDoubts, costs: MeasuredCosts): LosslessPlan {
  const reckoned = passCosts(costs)
  return { ...chooseSettings(doubts, reckoned, mostSteps(reckoned)), costs }
}

/** More states than these don't wait for one verification. */
const mostPending = 32

/** The most steps that are drafted and verified within `longestGap`, from 1. */
export function mostSteps({ trunk, tail, head }: PassCosts): number {
  let steps = 1
  while (steps < mostPending && (steps + 1) * (trunk + tail) + head(steps + 1) <= longestGap) steps++
  return steps
}

/** What a model's costs are measured on, and what they depend on. */
export interface CostParts {
  readonly loaded: Pick<LoadedModel, 'trunk' | 'head'>
  readonly base: BaseModel
  readonly spellm: Spellm
  readonly device: Device
  readonly threads: number | undefined
  readonly knownCosts: KnownCosts
  /** Drafts for a text of its own. */
  readonly drafterOf: (picker: Picker) => Drafter
}

/** The costs of a text that begins with about `context` tokens; they are measured where they aren't known. */
export type CostsOf = (sampling: Sampling | null, context: number, turn?: Turn) => Promise<MeasuredCosts>

/** Costs of a loaded SpeLLM with token symbols, kept by everything that they depend on. */
export function createCosts({ loaded, base, spellm, device, threads, ...parts }: CostParts): CostsOf {
  const { architecture, folder, dtype } = base
  const { speller, precision, adapterWidths, contextSymbols } = spellm
  const { alphabet, k } = speller
  const tail = [k, alphabetSize(alphabet), alphabet.tokenSymbols?.length, adapterWidths, contextSymbols]
  const model = [folder, dtype, precision, device, threads ?? null, tail]
  return (sampling, context, turn) => {
    const rounded = roundedContext(context)
    const key = JSON.stringify([...model, kindOf(sampling), rounded])
    return parts.knownCosts.of(key, async () => {
      const head = await loaded.head()
      const picker = createPicker(sampling)
      const pick = async (hidden: Float32Array) => {
        if (picker.isPlain) return head.choices(hidden)
        const logits = await head.logits(hidden)
        for (let end = architecture.vocabularySize; end <= logits.length; end += architecture.vocabularySize)
          picker.pick(logits.subarray(end - architecture.vocabularySize, end), null, 0)
        return null
      }
      const drafter = parts.drafterOf(picker)
      return measureCosts({ trunk: loaded.trunk, drafter, pick, architecture, device }, rounded, turn)
    })
  }
}

/** Contexts that are measured: four times as many tokens take a pass some percent longer. */
const measuredContexts = [128, 512, 2_048] as const

const roundedContext = (context: number) =>
  measuredContexts.find((tokens) => tokens >= context) ?? measuredContexts.at(-1)!

/** Of what a pick's time depends on: what is computed with all logits. */
function kindOf(sampling: Sampling | null): string {
  if (createPicker(sampling).isPlain) return 'plain'
  const { temperature, topK, topP, minP, repetitionPenalty = 1 } = sampling!
  const cuts = Object.entries({ topK, topP, minP }).flatMap(([name, value]) => (value ? [name] : []))
  return [
    temperature > 0 ? 'drawn' : 'greedy',
    ...cuts,
    ...(repetitionPenalty === 1 ? [] : ['penalty']),
  ].join()
}
