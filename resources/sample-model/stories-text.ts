import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openTokenizer } from '../../src-main/formats/tokenizer.ts'
import { llamaArchitecture, llamaConfigSchema } from '../../src-main/models/llama.ts'
import { stories } from '../stories/stories.ts'

export const folder = import.meta.dirname
const configFile = join(folder, 'config.json')

export const architecture = llamaArchitecture(
  llamaConfigSchema.parse(JSON.parse(await readFile(configFile, 'utf8'))),
  configFile,
)
const tokenizer = await openTokenizer(folder)

/** Stories without end as one stream of windows of `length` + 1 tokens, an end-of-text token before each story. */
export function* storyWindows(seed: number, length: number): Generator<Int32Array> {
  let pending: number[] = []
  for (const story of stories(seed)) {
    pending.push(architecture.beginToken!, ...tokenizer.encode(story))
    while (pending.length > length) {
      yield Int32Array.from(pending.slice(0, length + 1))
      pending = pending.slice(length + 1)
    }
  }
}
