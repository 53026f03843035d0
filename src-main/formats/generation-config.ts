import { join } from 'node:path'
import { z } from 'zod'
import { nullIfNotFound } from '../base/errors.ts'
import { readJsonFile } from './json-file.ts'

const maxConfigBytes = 1 << 20
const tokenId = z.int().min(0).max(0x7fffffff)
const generationConfigSchema = z.looseObject({
  eos_token_id: z.union([tokenId, z.array(tokenId).max(1000)]).nullish(),
})

/**
 * The tokens at which generation ends, from a model folder's generation_config.json. Chat models end their turns
 * with a token that config.json often doesn't name.
 *
 * @returns without duplicates, in the file's order; null where the file or its field `eos_token_id` is absent, so
 *   that config.json decides
 * @throws SpellmError 'file-invalid' | 'permission-denied'
 */
export async function readStopTokens(folder: string): Promise<readonly number[] | null> {
  try {
    const { eos_token_id: tokens } = await readJsonFile(
      join(folder, 'generation_config.json'),
      generationConfigSchema,
      { maxBytes: maxConfigBytes },
    )
    if (tokens === null || tokens === undefined) return null
    return typeof tokens === 'number' ? [tokens] : [...new Set(tokens)]
  } catch (error) {
    return nullIfNotFound(error)
  }
}
