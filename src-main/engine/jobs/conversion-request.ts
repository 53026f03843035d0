import type { ConversionRequest } from '../../contract/index.ts'
import { fileStamp } from '../../formats/file-stamp.ts'
import { requirePrecision } from '../../models/precision.ts'
import { requireAbsolute } from '../preview/corpus-samples.ts'
import { openReferencedModel } from '../library/model-library.ts'
import { parseConversionSettings, type ConversionSettings } from '../../conversion/settings.ts'

/**
 * The settings that a request stands for, after the checks that cost nothing: what is wrong now need not wait for
 * its turn in the queue.
 *
 * @throws SpellmError 'setting-invalid' | 'file-not-found', and as `openBaseModel` and `requirePrecision`
 */
export async function conversionSettings(request: ConversionRequest): Promise<ConversionSettings> {
  const settings = parseConversionSettings(withoutUndefined(request))
  requirePrecision(await openReferencedModel(settings.base), settings.precision)
  const files = [...settings.texts, ...settings.questions]
  requireAbsolute(files)
  await fileStamp(files)
  return settings
}

/** The request with what is absent really absent. */
function withoutUndefined(request: ConversionRequest) {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined)) as Parameters<
    typeof parseConversionSettings
  >[0]
}
