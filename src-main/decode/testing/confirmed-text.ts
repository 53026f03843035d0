import { expect } from 'vitest'
import { openHeadRows } from '../../models/head-rows.ts'
import { newKvContext, readTokens } from '../generate.ts'
import { largestIndex } from '../sampling.ts'
import type { TextGenerator } from '../text-generator.ts'

/**
 * Follows a text of trie mode and checks each pick the slow way: it has the largest logit of all token symbols, all tokens of
 * the text, and itself.
 */
export function createConfirmedText(generator: TextGenerator, prompt = 'Once upon a time') {
  const rows = openHeadRows(generator.base)
  const symbols = generator.speller!.alphabet.tokenSymbols!
  const text = generator.promptTokens(prompt)
  let read = 0
  let kvContext: ReturnType<typeof newKvContext> | null = null
  return {
    expectPicked: async (token: number) => {
      const { trunk } = await generator.sessions()
      kvContext ??= newKvContext(trunk)
      const { hidden } = await readTokens(trunk, kvContext, text.slice(read), 'none')
      read = text.length
      const known = [...new Set([...symbols, ...text])]
      const logits = rows.logits(hidden, [...known, token])
      expect(logits.at(-1)!).toBeGreaterThanOrEqual(logits[largestIndex(logits)]! - 1e-4)
      text.push(token)
    },
    release: () => {
      rows.close()
    },
  }
}
