import { stories } from '../../resources/stories/stories.ts'
import { readTexts } from '../formats/text-source.ts'
import { planTeacherCache, teacherCacheShape } from '../distill/teacher-cache.ts'
import type { Architecture } from '../models/architecture.ts'
import { sampleModelName } from '../models/model-folder.ts'

/** Stories that the sample model was not trained on. */
const storySeed = (seed: number) => 1_000 + seed

/**
 * The documents that a conversion learns from: those of its text files, or the sample model's stories without
 * end; null where the base model is to write them, or answers, itself. Reading throws SpellmError as `readTexts`.
 */
export function conversionDocuments({
  base,
  texts,
  questions = [],
  seed,
}: {
  readonly base: string
  readonly texts: readonly string[]
  readonly questions?: readonly string[]
  readonly seed: number
}): AsyncIterable<string> | Iterable<string> | null {
  if (texts.length > 0) return readTexts(texts)
  if (questions.length > 0) return null
  return base === sampleModelName ? stories(storySeed(seed)) : null
}

/** At least; rounded up to whole chunks of the teacher cache. */
const heldOutPositions = 20_480

/** Tokens at the beginning of the text that a conversion doesn't learn from. */
export function heldOutTokens(architecture: Architecture): number {
  const { positionsPerChunk } = planTeacherCache('', teacherCacheShape(architecture), 0)
  return Math.ceil(heldOutPositions / positionsPerChunk) * positionsPerChunk
}

/**
 * Positions of the greedy answers that a tail with token symbols is measured by, with their questions: more than 20,000 belong
 * to answers.
 */
export const answerPositions = 28_672
