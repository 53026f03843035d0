import { join } from 'node:path'
import { SpellmError } from '../base/errors.ts'
import { fitToDevice } from '../decode/device-parity.ts'
import { countTokens } from '../distill/corpus.ts'
import { totalSteps } from '../distill/schedule.ts'
import {
  largestDivisor,
  missingCacheBytes,
  planTeacherCache,
  teacherCacheShape,
  type TeacherCache,
} from '../distill/teacher-cache.ts'
import { batchPlan } from '../distill/train-tail.ts'
import type { BaseModel } from '../models/base-model.ts'
import type { TailShape } from '../models/tail.ts'
import { cacheFolder, type Run } from '../runs/index.ts'
import { deviceMemory } from '../runtime/memory/require-memory.ts'
import type { Speller } from '../spelling/speller.ts'
import { buildTextSpeller } from '../spelling/text-speller.ts'
import { countWords } from '../spelling/words.ts'
import { tailShape } from '../spellm/tail-session.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import { teacherMemoryBytes, trainingMemoryBytes } from './conversion-cost.ts'
import { heldOutTokens } from './conversion-text.ts'
import type { JobOptions } from './events.ts'
import type { Portion } from './fill-caches.ts'
import { requireDiskSpace, requireRoom } from './require-room.ts'
import { loadTokens } from './run-tokens.ts'
import { defaultAdapterWidths, type RunSettings } from './settings.ts'

/** What training needs, all of it a function of the settings and the text. */
export interface SpellingPlan {
  readonly base: BaseModel
  readonly tokenizer: Tokenizer
  readonly speller: Speller
  readonly shape: TailShape
  readonly tokenCounts: Uint32Array
  /** Where words are spelled: see `countWords`. */
  readonly wordCounts: ReadonlyMap<string, number> | null
  /** How many windows the teacher reads at once: as many as memory has room for. */
  readonly windowsAtOnce: number
  readonly training: Portion
  readonly heldOut: Portion
}

/** Reads the text, and plans what it takes to learn to spell. Throws SpellmError for bad input. */
export async function prepareSpelling(
  run: Run<RunSettings>,
  opened: BaseModel,
  tokenizer: Tokenizer,
  options: JobOptions,
): Promise<SpellingPlan> {
  const { settings, folder } = run
  const onNotice = (message: string) => options.onEvent({ type: 'notice', message })
  const base = await fitToDevice(opened, settings.device, onNotice)
  const cacheShape = teacherCacheShape(base.architecture)
  const { tokens, hiddenSize } = cacheShape
  const plan = (name: string, windows: number) =>
    planTeacherCache(join(folder, cacheFolder, name), cacheShape, windows)
  const { positionsPerChunk } = plan('training', 0)
  const heldOutLength = heldOutTokens(base.architecture)

  options.onEvent({ type: 'phase', phase: 'text' })
  const lengths = { heldOut: heldOutLength, least: heldOutLength + positionsPerChunk }
  const ids = await loadTokens(run, { base, tokenizer }, lengths, options)
  // The held-out text comes first: so it is the same whatever the budget.
  const heldOut = { cache: plan('held-out', heldOutLength / tokens), ids: ids.subarray(0, heldOutLength) }
  const rest = ids.subarray(heldOutLength)
  const training = { cache: plan('training', Math.floor(rest.length / tokens)), ids: rest }

  const tokenCounts = countTokens(rest, tokenizer.vocabularySize)
  const wordCounts = settings.units === 'word' ? countWords(rest, tokenizer.entries) : null
  const text = { counts: tokenCounts, words: wordCounts }
  const speller = buildTextSpeller(tokenizer.entries, text, settings)
  const shape = tailShape(hiddenSize, settings.adapterWidths ?? defaultAdapterWidths(hiddenSize), speller)
  if (totalSteps(batchPlan(training.cache, settings)) === 0)
    throw new SpellmError(
      'setting-invalid',
      `A batch of ${settings.batchTokens} tokens is larger than the text of ${rest.length} tokens.`,
      'Give more text or choose smaller batches.',
    )
  await requireDiskSpace(
    folder,
    (await missingCacheBytes(training.cache)) + (await missingCacheBytes(heldOut.cache)),
  )
  const windowsAtOnce = await requireConversionMemory(base, shape, training.cache, settings, options)
  return { base, tokenizer, speller, shape, tokenCounts, wordCounts, windowsAtOnce, training, heldOut }
}

/**
 * Looks whether memory has room for the teacher and for training.
 *
 * @returns how many windows the teacher can read at once
 * @throws SpellmError 'out-of-memory'
 */
export async function requireConversionMemory(
  { architecture }: BaseModel,
  shape: TailShape,
  cache: TeacherCache,
  settings: RunSettings,
  options: JobOptions,
): Promise<number> {
  const { device } = settings
  const { free } = await deviceMemory(device)
  const { batch } = cache.shape
  const teacher = (windows: number) => teacherMemoryBytes(architecture, settings, windows)
  let windows = batch
  while (windows > 1 && teacher(windows) > free) windows = largestDivisor(batch, Math.floor(windows / 2))
  const { chunks, positionsPerChunk } = cache
  const training = trainingMemoryBytes(architecture, shape, { ...settings, chunks, positionsPerChunk })
  await requireRoom('This conversion', Math.max(teacher(windows), training), device, options)
  if (windows < batch)
    options.onEvent({
      type: 'notice',
      message: `Memory is short: the base model reads ${windows} of ${batch} windows of text at a time.`,
    })
  return windows
}
