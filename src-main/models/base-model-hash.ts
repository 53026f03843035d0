import { hashFile, hashFiles } from '../formats/file-hash.ts'
import type { BaseModel } from './base-model.ts'

/**
 * The identity of a base model: a hash over its configuration, tokenizer and weights. That of a GGUF in one file is the
 * SHA-256 of the file, whatever its name.
 */
export async function hashBaseModel({ files }: Pick<BaseModel, 'files'>): Promise<string> {
  const [first, ...others] = files
  return others.length === 0 ? hashFile(first!) : hashFiles(files)
}
