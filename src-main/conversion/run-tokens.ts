import { join } from 'node:path'
import { collectTokens } from '../distill/corpus.ts'
import { sampleText } from '../distill/self-sampling.ts'
import { teacherCacheShape } from '../distill/teacher-cache.ts'
import { CancelledError, nullIfNotFound } from '../base/errors.ts'
import { openSafetensors, readTensorBytes, writeSafetensors } from '../formats/safetensors.ts'
import type { Tokenizer } from '../tokenizer/index.ts'
import type { BaseModel } from '../models/base-model.ts'
import type { Run } from '../runs/index.ts'
import { ownTurn } from '../runtime/turns.ts'
import { writingMemoryBytes } from './conversion-cost.ts'
import { conversionDocuments } from './conversion-text.ts'
import type { JobOptions } from './events.ts'
import { requireRoom } from './require-room.ts'
import type { RunSettings } from './settings.ts'

export const tokensFile = 'tokens.safetensors'

/**
 * The run's tokens: those stored with it, or read or sampled now and stored.
 *
 * @param lengths how many of them are held out, and how many there must be in all
 */
export async function loadTokens(
  run: Run<RunSettings>,
  { base, tokenizer }: { readonly base: BaseModel; readonly tokenizer: Tokenizer },
  { heldOut, least }: { readonly heldOut: number; readonly least: number },
  options: JobOptions,
): Promise<Int32Array> {
  const { onEvent, signal, turn = ownTurn } = options
  const { settings, folder } = run
  const path = join(folder, tokensFile)
  const stored = await openSafetensors(path).catch(nullIfNotFound)
  if (stored) return new Int32Array((await readTensorBytes(stored.tensors.get('tokens')!)).buffer)

  const limit = Math.max(heldOut + settings.tokens, least)
  const onProgress = (done: number) => {
    if (signal?.aborted) throw new CancelledError()
    onEvent({ type: 'progress', phase: 'text', done: Math.min(done, limit), total: limit })
  }
  let ids: Int32Array
  const documents = conversionDocuments(settings)
  const windowTokens = teacherCacheShape(base.architecture).tokens
  if (documents === null) {
    onEvent({ type: 'notice', message: 'No text was given: the base model writes it itself.' })
    const needed = writingMemoryBytes(base.architecture, settings)
    await requireRoom('A base model that writes the text', needed, settings.device, options)
    const sampling = {
      tokens: limit,
      sequenceLength: windowTokens,
      validTokens: tokenizer.vocabularySize,
      seed: settings.seed,
      device: settings.device,
      onProgress,
      turn,
    }
    ids = await sampleText(base, signal ? { ...sampling, signal } : sampling)
  } else {
    const limits = { limit, minimum: least, windowTokens, onProgress }
    ids = await collectTokens(documents, tokenizer, base.architecture, limits)
  }
  await writeSafetensors(path, { tokens: { dtype: 'I32', shape: [ids.length], data: ids } })
  return ids
}
