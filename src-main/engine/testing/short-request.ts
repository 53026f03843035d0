import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stories } from '../../../resources/stories/stories.ts'
import type { ConversionRequest } from '../../contract/index.ts'
import { writeShortModel } from './short-model.ts'

/** Writes a short model and some stories into a folder, and asks for a conversion that takes seconds. */
export async function shortRequest(folder: string): Promise<ConversionRequest> {
  const base = join(folder, 'model')
  await writeShortModel(base)
  const told: string[] = []
  for (const story of stories(4)) if (told.push(story) === 300) break
  const text = join(folder, 'stories.txt')
  await writeFile(text, told.join('\n<|endoftext|>\n'))
  return {
    base,
    texts: [text],
    tokens: 9_000,
    k: 6,
    // What jobs do doesn't depend on it, and these are done sooner.
    tokenSymbols: 0,
    adapterWidths: [16],
    batchTokens: 256,
    epochs: 3,
    seed: 5,
    device: 'cpu',
  }
}
