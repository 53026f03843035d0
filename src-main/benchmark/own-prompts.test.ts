import { expect, it } from 'vitest'
import { openModel } from '../decode/text-generator.ts'
import { sampleModelName } from '../models/model-folder.ts'
import { filledUp, writeOwnPrompts } from './own-prompts.ts'

it('fills prompts up with the same conversations, and none with its own answer', () => {
  const prompts = [
    [9, 1, 2],
    [9, 3],
  ]
  const conversations = [
    [9, 1, 2, 40, 41],
    [9, 5, 50],
    [9, 3, 30],
    [9, 6, 60, 61, 62],
  ]
  expect(filledUp(prompts, conversations, 8)).toEqual([
    [9, 5, 50, 9, 6, 9, 1, 2],
    [9, 5, 50, 9, 6, 9, 3],
  ])
  expect(filledUp(prompts, conversations, 2)).toEqual(prompts)
  expect(filledUp(prompts, [], 100)).toEqual(prompts)
})

it('begins documents of a model that does not converse, about as long as each context', async () => {
  const model = await openModel(sampleModelName)
  const told: number[] = []
  const { kind, byContext } = await writeOwnPrompts(
    model,
    { count: 3, contexts: [16, 220], mostTokens: 200 },
    { onProgress: (done, total) => told.push(done / total) },
  )
  expect(kind).toBe('document')
  expect(told.at(-1)).toBe(1)
  const { beginToken } = model.base.architecture
  const short = byContext.get(16)!
  expect(short).toHaveLength(3)
  for (const prompt of short) {
    expect(prompt[0]).toBe(beginToken)
    expect(prompt.length).toBeLessThanOrEqual(40)
  }
  expect(new Set(short.map(String)).size).toBe(3)
  for (const [i, prompt] of byContext.get(220)!.entries()) {
    expect(prompt.length).toBeGreaterThan(190)
    expect(prompt.length).toBeLessThanOrEqual(200)
    expect(prompt.slice(-short[i]!.length)).toEqual(short[i])
  }
})
