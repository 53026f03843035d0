import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** SmolLM2-135M-Instruct in Q4_1, which `npm run real-model` fetches. */
export const realModelFile = join(
  import.meta.dirname,
  '../../../resources/real-model/SmolLM2-135M-Instruct.Q4_1.gguf',
)

/** Whether tests can use it; where they can't, those are skipped, and this prints their name and why. */
export function hasRealModel(tests: string): boolean {
  const isThere = existsSync(realModelFile)
  if (!isThere)
    console.log(`skipped: ${tests} (the real model is not in resources/real-model: npm run real-model)`)
  return isThere
}
