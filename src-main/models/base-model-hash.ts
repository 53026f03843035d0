import { join } from 'node:path'
import { hashFile, hashFiles } from '../formats/file-hash.ts'
import { isGgufPath } from '../formats/gguf.ts'
import type { BaseModel } from './base-model.ts'

/**
 * The identity of a base model: a hash over its configuration, tokenizer and weights. A GGUF's is the SHA-256 of the
 * file, whatever its name.
 */
export async function hashBaseModel({
  folder,
  checkpoint,
}: Pick<BaseModel, 'folder' | 'checkpoint'>): Promise<string> {
  return isGgufPath(folder)
    ? hashFile(folder)
    : hashFiles([join(folder, 'config.json'), join(folder, 'tokenizer.json'), ...checkpoint.files])
}
