import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { removeTargets } from '../distill/target-cache.ts'
import {
  deleteTeacherCache,
  filesIn,
  openCacheFolder,
  positionsOnDisk,
  teacherCacheBytes,
} from '../distill/teacher-cache.ts'
import { isChunkName } from '../distill/teacher-chunk.ts'
import { CancelledError, SpellmError } from '../base/errors.ts'
import { linkOrCopy } from '../base/atomic-file.ts'
import { sampleModelName } from '../models/model-folder.ts'
import { cacheFolder, readDescription, type Run } from '../runs/index.ts'
import { usageFile } from './choose-symbols.ts'
import type { JobOptions } from './events.ts'
import { questionsFile } from './given-questions.ts'
import { freeDiskBytes } from './machine.ts'
import { readWriting, writingFile } from './plan-writing.ts'
import { tokensFile } from './run-tokens.ts'
import { hasSymbols, runSettingsSchema, type ConversionSettings, type RunSettings } from './settings.ts'
import type { StatesPlan } from './symbol-states.ts'

/** What decides which text a conversion learns from, and its states, in addition to the base model. */
const decisive = ['texts', 'questions', 'tokens', 'seed', 'precision'] as const
export type TextSettings = Pick<ConversionSettings, (typeof decisive)[number]>

const textFolders = ['training', 'held-out'] as const

/**
 * The settings of a run that decide its text.
 *
 * @throws SpellmError 'file-not-found' | 'run-corrupt'
 */
export async function textSettingsOf(folder: string): Promise<TextSettings> {
  const { settings } = await readDescription(folder, runSettingsSchema)
  const { texts, questions, tokens, seed, precision } = settings
  return { texts, questions, tokens, seed, precision }
}

/** Whether a run's text with its states is in its folder, for others to learn from. Needs no lock. */
export async function keepsText(folder: string): Promise<boolean> {
  if (!existsSync(join(folder, usageFile))) return false
  const writing = await readWriting(folder)
  if (writing === null || writing.chunksPerWindow !== undefined) return false
  for (const name of textFolders)
    if ((await chunksIn(join(folder, cacheFolder, name))).length === 0) return false
  return true
}

/**
 * Gives a run the text of the one that its settings name: what was written or read, its states, and how often each token is
 * wanted. Files are linked where the disk can, else copied: none of them is ever changed in place. A run that has a text
 * keeps it.
 *
 * @throws SpellmError 'run-mismatch' for a run of another base model or text, or one that keeps no text, and as
 *   `readDescription`; 'disk-full'; CancelledError when the signal fires
 */
export async function takeText(
  { folder, base, settings }: Run<RunSettings>,
  { onEvent, signal }: JobOptions,
): Promise<void> {
  const { textOf } = settings
  if (textOf === undefined || existsSync(join(folder, writingFile))) return
  const earlier = await readDescription(textOf, runSettingsSchema)
  const differences = differencesOf(
    { ...settings, sha256: base.sha256 },
    { ...earlier.settings, sha256: earlier.base.sha256 },
  )
  if (differences.length > 0)
    throw new SpellmError(
      'run-mismatch',
      `${textOf}: its text is not the one that this conversion learns from: ${differences.join('; ')}.`,
      'Leave out what differs, or convert without the text of another run.',
    )
  if (!(await keepsText(textOf)))
    throw new SpellmError(
      'run-mismatch',
      `${textOf} keeps no whole text: its teacher cache was removed, was never complete, or held a part at a time.`,
      'Convert without the text of another run; with the setting keepCache it stays for the next.',
    )
  for (const name of textFolders) {
    const place = join(cacheFolder, name)
    await openCacheFolder(join(folder, place))
    for (const chunk of await chunksIn(join(textOf, place))) {
      if (signal?.aborted) throw new CancelledError()
      await linkOrCopy(join(textOf, place, chunk), join(folder, place, chunk))
    }
  }
  // The last of them says that the text is complete.
  for (const name of [usageFile, tokensFile, questionsFile, writingFile])
    if (existsSync(join(textOf, name))) await linkOrCopy(join(textOf, name), join(folder, name))
  const writing = await readWriting(folder)
  const isChatAlone =
    writing?.pieces.kind === 'chat' && !writing.plainTexts && settings.questions.length === 0
  const without = isChatAlone
    ? ' It is of conversations alone, as earlier versions wrote it: learn from a new text if likelihoods of other text matter.'
    : ''
  onEvent({
    type: 'notice',
    message: `The text is that of ${textOf}, with the base model's states of it.${without}`,
  })
}

type Compared = RunSettings & { readonly sha256: string }

/** What two conversions would learn differently from, in words. */
function differencesOf(own: Compared, other: Compared): string[] {
  const differences = decisive
    .filter((name) => JSON.stringify(own[name]) !== JSON.stringify(other[name]))
    .map((name) => `${name} ${JSON.stringify(other[name])} there, ${JSON.stringify(own[name])} here`)
  if (own.sha256 !== other.sha256)
    differences.unshift(`base model ${other.sha256.slice(0, 12)}… there, ${own.sha256.slice(0, 12)}… here`)
  // The sample model's text are stories, that of a copy of it is its own.
  else if ((own.base === sampleModelName) !== (other.base === sampleModelName))
    differences.push(`base ${other.base} there, ${own.base} here`)
  if (!hasSymbols(other)) differences.push('it has no token symbols')
  return differences
}

const chunksIn = async (folder: string) => (await filesIn(folder)).filter(isChunkName).sort()

/** A text stays where the disk has room for this many texts of its size. */
const roomForTexts = 10

/**
 * Ends the teacher cache of a finished run. Its text and states stay for other kinds of SpeLLMs, where the disk has plenty of
 * room, and a notice says so; what was computed for this one goes.
 */
export async function settleCache(
  { folder, settings }: Pick<Run<RunSettings>, 'folder' | 'settings'>,
  { training, heldOut }: Pick<StatesPlan, 'training' | 'heldOut'>,
  { onEvent }: Pick<JobOptions, 'onEvent'>,
): Promise<void> {
  if (settings.keepCache) return
  const isWhole = positionsOnDisk(training) === training.chunks * training.positionsPerChunk
  const bytes = teacherCacheBytes(training) + teacherCacheBytes(heldOut)
  const path = join(folder, cacheFolder)
  if (!isWhole || (await freeDiskBytes(folder)) < roomForTexts * bytes) return deleteTeacherCache(path)
  await removeTargets(training.folder)
  onEvent({
    type: 'notice',
    message: `The text with its states stays in ${path} (${Math.ceil(bytes / 1e6)} MB), so that other kinds of alphabets can learn from it; it goes with the run, or when caches are cleaned.`,
  })
}
