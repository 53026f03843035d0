import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultGateShare } from '../decode/calibrate-gate.ts'
import { defaultCandidates } from '../decode/shortlist.ts'
import { createTailSession, tailBits, tailShape } from '../decode/tail-session.ts'
import type { Spellm } from '../decode/spellm.ts'
import { collectTokens } from '../distill/corpus.ts'
import { fillTeacherCache, planTeacherCache, teacherCacheShape } from '../distill/teacher-cache.ts'
import { describeSystemError } from '../errors.ts'
import { openHeadRows } from '../models/head-rows.ts'
import { createWindowSession } from '../models/trunk-session.ts'
import type { Device } from '../runtime/devices/device.ts'
import { measureModeAgreement, type ModeAgreement } from './mode-agreement.ts'
import { measurePerplexity, type Perplexity } from './perplexity.ts'

/** What `evaluateText` finds. */
export interface TextEvaluation {
  readonly agreement: ModeAgreement
  /** The base model's. */
  readonly perplexity: Perplexity
}

/**
 * How a SpeLLM and its base model do on any text: agreement of each decode mode, and the base model's perplexity,
 * on `positions` of it rounded up to whole chunks of the teacher cache, as far as the text goes.
 *
 * @throws SpellmError 'text-invalid' if the text is too short to fill one chunk of the teacher cache; for errors
 *   of the operating system; CancelledError when the signal fires
 */
export async function evaluateText(
  { base, precision, tokenizer, speller, adapterWidths, weights, gates }: Spellm,
  documents: AsyncIterable<string> | Iterable<string>,
  {
    positions,
    candidates = defaultCandidates,
    gateShare = defaultGateShare,
    device = 'cpu',
    onProgress,
    signal,
  }: {
    readonly positions: number
    /** The n of shortlist(n). */
    readonly candidates?: number
    /** The share of steps that gated mode gives to the base model. */
    readonly gateShare?: number
    /** Where the base model computes. */
    readonly device?: Device
    readonly onProgress?: (done: number, total: number) => void
    readonly signal?: AbortSignal
  },
): Promise<TextEvaluation> {
  const shape = teacherCacheShape(base.architecture)
  const folder = await mkdtemp(join(tmpdir(), 'spellm-eval-')).catch((error: unknown) => {
    throw describeSystemError(error, tmpdir())
  })
  try {
    const chunk = planTeacherCache(folder, shape, 0).positionsPerChunk
    const limit = Math.max(chunk, Math.ceil(positions / chunk) * chunk)
    const limits = { limit, minimum: chunk, windowTokens: shape.tokens }
    const ids = await collectTokens(documents, tokenizer, base.architecture, limits)
    const cache = planTeacherCache(folder, shape, Math.floor(ids.length / shape.tokens))
    const total = cache.chunks * cache.positionsPerChunk
    await fillTeacherCache(cache, ids, (batch) => createWindowSession(base, { ...shape, batch, device }), {
      onProgress: ({ chunk, done }) => onProgress?.(chunk * cache.positionsPerChunk + done, total),
      ...(signal ? { signal } : {}),
    })
    const tail = await createTailSession(
      tailShape(shape.hiddenSize, adapterWidths, speller),
      weights,
      speller,
      tailBits(precision, device),
    )
    const rows = openHeadRows(base)
    try {
      const options = { candidates, gates, gateShare, signal }
      const tokenize = (text: string) => tokenizer.encode(text)
      return {
        agreement: await measureModeAgreement(tail, rows, cache, tokenize, options),
        perplexity: await measurePerplexity(base, ids, {
          windowTokens: shape.tokens,
          device,
          ...(signal ? { signal } : {}),
        }),
      }
    } finally {
      rows.close()
      await tail.release()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
