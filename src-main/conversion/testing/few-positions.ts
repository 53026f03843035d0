import { planTeacherCache, teacherCacheShape } from '../../distill/teacher-cache.ts'
import type { Architecture } from '../../models/architecture.ts'

/**
 * In place of conversion-text.ts: conversions that are measured on one chunk of held-out text, or on a few answers, which
 * takes a fraction of the time. For tests that do not look at how many positions there are.
 */
export const fewPositions = (original: typeof import('../conversion-text.ts')) => ({
  ...original,
  answerPositions: 4_096,
  heldOutTokens: (architecture: Architecture) =>
    planTeacherCache('', teacherCacheShape(architecture), 0).positionsPerChunk,
})
