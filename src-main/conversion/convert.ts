import { rm } from 'node:fs/promises'
import { SpellmError } from '../base/errors.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import { checkWeights, openBaseModel, openModelTokenizer, type BaseModel } from '../models/base-model.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { withPrecision } from '../models/precision.ts'
import { createRun, openRun, readDescription, readResult, type Run } from '../runs/index.ts'
import type { Device, DeviceChoice } from '../runtime/devices/device.ts'
import { hashBaseModel } from '../spellm/spellm.ts'
import { learnSpelling } from './character-conversion.ts'
import { prepareSpelling } from './plan-spelling.ts'
import type { JobOptions } from './events.ts'
import { takeText } from './kept-text.ts'
import { machine } from './machine.ts'
import { ownDevices } from './own-devices.ts'
import { conversionResultSchema, type ConversionResult } from './result.ts'
import { hasSymbols, runSettingsSchema, type ConversionSettings, type RunSettings } from './settings.ts'
import { learnSymbols, prepareSymbols } from './symbol-conversion.ts'

/**
 * Converts a base model into a SpeLLM in a new run folder: text, teacher cache, distillation, measurement on
 * held-out text.
 *
 * @throws SpellmError with nothing left behind if the input is bad; SpellmError 'disk-full', and CancelledError
 *   when the signal fires, with everything done so far kept for `resumeConversion`
 */
export async function convert(
  folder: string,
  settings: ConversionSettings,
  options: JobOptions,
): Promise<ConversionResult> {
  const started = performance.now()
  options.onEvent({ type: 'phase', phase: 'check' })
  const device = await resolveDevice(settings.device, options)
  const stored = await openBaseModel(modelFolder(settings.base))
  const tokenizer = await openModelTokenizer(stored)
  await checkWeights(stored, options.signal)
  const sha256 = await hashBaseModel(stored)
  const base = await inPrecision(stored, sha256, settings, options)
  const run = await createRun(folder, runSettingsSchema, {
    settings: { ...settings, device },
    base: { path: settings.base === sampleModelName ? sampleModelName : base.folder, sha256 },
    environment: { ...machine() },
  })
  try {
    return await work(run, base, tokenizer, started, { options, isNew: true })
  } finally {
    await run.close()
  }
}

/**
 * Resumes a run that was stopped or killed. The result is that of an uninterrupted run.
 *
 * @throws SpellmError 'run-mismatch' if the base model has changed, and as `openRun`
 */
export async function resumeConversion(folder: string, options: JobOptions): Promise<ConversionResult> {
  const started = performance.now()
  options.onEvent({ type: 'phase', phase: 'check' })
  const { base: reference, settings } = await readDescription(folder, runSettingsSchema)
  const finished = await readResult(folder, conversionResultSchema)
  if (finished) return finished
  await resolveDevice(settings.device, options)
  const stored = await openBaseModel(modelFolder(reference.path))
  const tokenizer = await openModelTokenizer(stored)
  const sha256 = await hashBaseModel(stored)
  const base = await inPrecision(stored, sha256, settings, options)
  const run = await openRun(folder, runSettingsSchema, { expectedBase: sha256 })
  try {
    return await work(run, base, tokenizer, started, { options, isNew: false })
  } finally {
    await run.close()
  }
}

/** The base model in the run's precision; quantised now if it has not been before. */
async function inPrecision(
  base: BaseModel,
  sha256: string,
  { precision }: Pick<ConversionSettings, 'precision'>,
  { onEvent, signal }: JobOptions,
): Promise<BaseModel> {
  return withPrecision(base, precision, sha256, {
    onQuantize: (done, total) => onEvent({ type: 'progress', phase: 'check', done, total }),
    ...(signal ? { signal } : {}),
  })
}

/** The device to compute on, with a notice of why where it was left open. */
async function resolveDevice(
  choice: DeviceChoice,
  { onEvent, devices = ownDevices() }: JobOptions,
): Promise<Device> {
  const { device, reason } = await devices.resolve(choice)
  if (reason !== null) onEvent({ type: 'device', device, reason })
  return device
}

type ConversionRun = Run<RunSettings>

/** Goes through all stages of a run; what is there already stays. */
async function work(
  run: ConversionRun,
  base: BaseModel,
  tokenizer: Tokenizer,
  started: number,
  { options, isNew }: { readonly options: JobOptions; readonly isNew: boolean },
): Promise<ConversionResult> {
  const prepared = <Prepared>(prepare: () => Promise<Prepared>) =>
    isNew ? discardOnBadInput(run, prepare) : prepare()
  if (hasSymbols(run.settings)) {
    const plan = await prepared(async () => {
      await takeText(run, options)
      return prepareSymbols(run, base, tokenizer, options)
    })
    return learnSymbols(run, plan, started, options)
  }
  const plan = await prepared(() => prepareSpelling(run, base, tokenizer, options))
  return learnSpelling(run, plan, started, options)
}

/** A new run whose input turns out to be bad leaves nothing behind. A full disk isn't the input's fault. */
async function discardOnBadInput<T>(run: ConversionRun, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof SpellmError && error.code !== 'disk-full') {
      await run.close()
      await rm(run.folder, { recursive: true, force: true })
    }
    throw error
  }
}
