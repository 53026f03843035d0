import {
  conversionSettingsViewSchema,
  type ConversionRequest,
  type ConversionSettingsView,
  type Estimate,
} from '../../contract/index.ts'
import type { Device } from '../../runtime/devices/device.ts'
import type { KnownDevices } from '../../runtime/devices/known-devices.ts'
import { deviceMemory } from '../../runtime/memory/require-memory.ts'
import type { Turn } from '../../runtime/turns.ts'
import { buildTextSpeller } from '../../spelling/text-speller.ts'
import { tailParameterCount } from '../../models/tail.ts'
import { countedText, estimateTokens, totalBytes, usageOf, type CorpusSamples } from './corpus-samples.ts'
import { symbolSpeller } from '../../conversion/choose-symbols.ts'
import { conversionCost, tailShareOf } from '../../conversion/conversion-cost.ts'
import { conversionSettings } from '../jobs/conversion-request.ts'
import { freeDiskBytes } from '../../conversion/machine.ts'
import { hasSymbols, symbolAdapterWidths } from '../../conversion/settings.ts'
import { measureMatrixRate } from './matrix-rate.ts'

/** Says what conversions would take on this machine. */
export interface Estimates {
  /** Throws SpellmError as `conversionSettings`, `CorpusSamples.sample`, `parseAlphabet` and `buildSpeller`. */
  estimate(request: ConversionRequest): Promise<{ settings: ConversionSettingsView; estimate: Estimate }>
}

/**
 * The share of the measured rate that a conversion reaches, counted over all of its time: a little over a half for
 * the sample model, up to nine tenths where layers are wide.
 */
const efficiency = 0.6
/** Shares of the expected time; a machine that others use takes longer. */
const fastest = 0.7
const slowest = 2
/** Checking and loading the model. */
const startSeconds = 3

/** Estimates for runs in the folder of `runsFolder`; the machine is measured at the first of them. */
export function createEstimates(
  corpora: CorpusSamples,
  runsFolder: () => string,
  devices: KnownDevices,
  turn: Turn,
): Estimates {
  const rates = new Map<Device, Promise<number>>()
  const rateOf = (device: Device): Promise<number> => {
    const known = rates.get(device)
    if (known) return known
    const measured = measureMatrixRate(device, turn)
    rates.set(device, measured)
    measured.catch(() => rates.delete(device))
    return measured
  }
  return {
    estimate: async (request) => {
      const settings = await conversionSettings(request)
      const { device } = await devices.resolve(settings.device)
      const { base, tokenizer } = await corpora.model(settings.base)
      const isAsked = settings.questions.length > 0
      const sample = isAsked ? null : await corpora.sample(settings.base, settings.texts)
      const { architecture } = base
      const speller = hasSymbols(settings)
        ? symbolSpeller(
            tokenizer,
            usageOf(tokenizer.entries, sample),
            settings,
            settings.adapterWidths ?? symbolAdapterWidths(architecture.hiddenSize),
          )
        : buildTextSpeller(
            tokenizer.entries,
            countedText(tokenizer.entries, sample, settings.units),
            settings,
          )
      const { free } = await deviceMemory(device)
      const diskFree = await freeDiskBytes(runsFolder())
      const textTokens =
        sample && settings.texts.length > 0 ? estimateTokens(sample, await totalBytes(settings.texts)) : null
      const { steps, tokens, operations, diskBytes, memoryBytes, tail } = conversionCost(
        architecture,
        speller,
        settings,
        { textTokens, isWritten: sample === null, freeBytes: free, freeDiskBytes: diskFree },
      )
      const seconds = operations / (efficiency * (await rateOf(device)))
      return {
        settings: conversionSettingsViewSchema.parse(settings),
        estimate: {
          steps,
          tokens,
          seconds: { low: startSeconds + fastest * seconds, high: startSeconds + slowest * seconds },
          disk: { needed: diskBytes, free: diskFree },
          memory: { needed: memoryBytes, free },
          tailParameters: tailParameterCount(tail),
          adapterWidths: [...tail.adapterWidths],
          tokenSymbols: speller.alphabet.tokenSymbols?.length ?? 0,
          tailShare: tailShareOf(tail, speller, architecture),
        },
      }
    },
  }
}
