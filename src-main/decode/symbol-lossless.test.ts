import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { collect } from '../runs/testing/collect.ts'
import { createConfirmedText } from './testing/confirmed-text.ts'
import { writeSymbolSpellm } from './testing/symbol-spellm.ts'
import { openTextGenerator, type TextGenerator, type TextOptions } from './text-generator.ts'
import type { Sampling } from './sampling.ts'

const prompts = [
  'Once upon a time',
  'It was winter, and',
  '"Where is my',
  'The old bear',
  'One day, a cat named Zephyr',
  'In the forest',
]
let scratch = ''
const folders = { characters: '', groups: '', 'all groups': '' }
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-symbols-'))
  for (const kind of ['characters', 'groups', 'all groups'] as const) folders[kind] = join(scratch, kind)
  await writeSymbolSpellm(folders.characters)
  await writeSymbolSpellm(folders.groups, { groups: { count: 40, read: 4, bias: 8 } })
  await writeSymbolSpellm(folders['all groups'], { groups: { count: 40, read: 40, bias: 30 } })
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const greedyWithPenalty: Sampling = { temperature: 0, repetitionPenalty: 1.3, seed: 0 }

describe.each([
  ['stored', 'characters'],
  ['int8', 'characters'],
  ['int4', 'characters'],
  ['stored', 'groups'],
  ['int4', 'groups'],
] as const)('with weights in %s and %s', (precision, kind) => {
  let generator: TextGenerator
  /** The base model alone, whose trunk computes the head in its own pass. */
  let alone: TextGenerator
  beforeAll(async () => {
    generator = await openTextGenerator(folders[kind], { precision })
    alone = await openTextGenerator('sample', { precision })
  })
  afterAll(async () => {
    await generator.release()
    await alone.release()
  })

  const write = async (prompt: string, options: Partial<TextOptions>) => {
    const counts = { trunk: 0, head: 0, rows: 0 }
    const from = options.mode === 'base' ? alone : generator
    const pieces = await collect(
      from.write(prompt, from.createKvContext(), {
        mode: 'lossless',
        sampling: null,
        maxTokens: 120,
        stop: [],
        onTrunkPass: () => counts.trunk++,
        onHeadPass: (rows) => {
          counts.head++
          counts.rows += rows
        },
        ...options,
      }),
    )
    return { pieces, counts }
  }

  it.each<[string, Sampling | null]>([
    ['greedily', null],
    ['greedily with a repetition penalty', greedyWithPenalty],
    ['drawn', { temperature: 0.8, topP: 0.9, seed: 3 }],
    ['drawn with a penalty', { temperature: 1, repetitionPenalty: 1.2, minP: 0.02, seed: 4 }],
  ])('a tail that has learnt nothing writes the base model’s text, %s', async (_, sampling) => {
    let [tokens, heads] = [0, 0]
    for (const prompt of prompts) {
      const expected = await write(prompt, { mode: 'base', sampling })
      const { pieces, counts } = await write(prompt, { sampling })
      expect(pieces).toEqual(expected.pieces)
      tokens += pieces.length
      heads += counts.head
      expect(counts.rows).toBeGreaterThanOrEqual(pieces.length)
    }
    expect(tokens).toBeGreaterThan(300)
    expect(heads).toBeLessThanOrEqual(tokens + prompts.length)
  })

  it('ends where the base model ends: after the most tokens, at stop texts and at the end of the context', async () => {
    const { contextLength } = generator.base.architecture
    const long = Array.from({ length: contextLength - 5 }, (_, i) => 300 + (i % 700))
    const endings: Partial<TextOptions>[] = [
      { maxTokens: 1 },
      { maxTokens: 9 },
      { stop: ['the'] },
      { stop: [', and', '.'] },
    ]
    for (const options of endings)
      for (const prompt of prompts.slice(0, 3)) {
        const expected = await write(prompt, { ...options, mode: 'base' })
        expect((await write(prompt, options)).pieces).toEqual(expected.pieces)
      }
    const ends = []
    for (const mode of ['base', 'lossless'] as const) {
      const text = generator.write(long, generator.createKvContext(), {
        mode,
        sampling: null,
        maxTokens: 50,
        stop: [],
      })
      const tokens: number[] = []
      let next = await text.next()
      for (; next.done !== true; next = await text.next())
        if (next.value.token !== null) tokens.push(next.value.token)
      ends.push({ tokens, end: next.value })
    }
    expect(ends[1]).toEqual(ends[0])
  })
})

describe('the other modes of a SpeLLM with token symbols', () => {
  let generator: TextGenerator
  beforeAll(async () => {
    generator = await openTextGenerator(folders.characters)
  })
  afterAll(() => generator.release())

  const tokensOf = async (
    options: Partial<TextOptions>,
    prompt: string | readonly number[] = prompts[0]!,
  ) => {
    const pieces = await collect(
      generator.write(prompt, generator.createKvContext(), {
        mode: 'trie',
        sampling: null,
        maxTokens: 40,
        stop: [],
        ...options,
      }),
    )
    return pieces.flatMap(({ token }) => (token === null ? [] : [token]))
  }

  it('its own mode comes first', () => {
    expect(generator.modes).toEqual(['lossless', 'gated', 'trie', 'free', 'base'])
  })

  it('trie takes the best exact logit of symbols, context and the best spelled', async () => {
    const text = createConfirmedText(generator)
    for (const token of await tokensOf({ candidates: 8 })) await text.expectPicked(token)
    text.release()
  })

  it('gated with a share of all is the base model, with none it never asks', async () => {
    expect(await tokensOf({ mode: 'gated', gateShare: 1 })).toEqual(await tokensOf({ mode: 'base' }))
    let passes = 0
    await tokensOf({ mode: 'gated', gateShare: 0, onHeadPass: () => passes++ })
    expect(passes).toBe(0)
  })

  it('free and trie(0) write tokens, some of them spelled', async () => {
    for (const options of [{ mode: 'free' }, { candidates: 0 }] as const) {
      let spelled = 0
      const tokens = await tokensOf({ ...options, onSpelled: () => spelled++ })
      expect(tokens.length).toBeGreaterThan(0)
      expect(spelled).toBeLessThanOrEqual(tokens.length)
    }
  })

  it('tells how a choice came about', async () => {
    const context = generator.promptTokens(prompts[3]!)
    const { base, spellm } = await generator.inspect(context, generator.createKvContext())
    expect(base).toHaveLength(10)
    expect(spellm!.doubt).toBeTypeOf('number')
    expect(spellm!.heads).toHaveLength(6)
    const [picked] = await tokensOf({ maxTokens: 1 }, context)
    expect(spellm!.trie[0]!.index).toBe(picked)
  })
})

describe('learned groups', () => {
  const open = async (kind: 'groups' | 'all groups') => {
    const generator = await openTextGenerator(folders[kind])
    const tokensOf = async (options: Partial<TextOptions>) => {
      const settings = { mode: 'trie', sampling: null, maxTokens: 60, stop: [] } as const
      const pieces = await collect(
        generator.write(prompts[1]!, generator.createKvContext(), { ...settings, ...options }),
      )
      return pieces.flatMap(({ token }) => (token === null ? [] : [token]))
    }
    return { generator, tokensOf }
  }

  it('that are all read write the base model’s text without its head, in each mode', async () => {
    const { generator, tokensOf } = await open('all groups')
    const expected = await tokensOf({ mode: 'base' })
    expect(expected.length).toBeGreaterThan(20)
    let passes = 0
    const onHeadPass = () => passes++
    for (const mode of ['trie', 'free', 'gated'] as const)
      expect(await tokensOf({ mode, gateShare: 0, onHeadPass })).toEqual(expected)
    expect(passes).toBe(0)
    await generator.release()
  })

  it('of which some are read pick the best of what was read', async () => {
    const { generator, tokensOf } = await open('groups')
    const text = createConfirmedText(generator, prompts[1])
    const tokens = await tokensOf({})
    for (const token of tokens) await text.expectPicked(token)
    expect(await tokensOf({ mode: 'free', candidates: 0 })).toEqual(tokens)
    expect(await tokensOf({ mode: 'gated', gateShare: 1 })).toEqual(await tokensOf({ mode: 'base' }))
    text.release()
    await generator.release()
  })

  it('tell how a choice came about', async () => {
    const { generator, tokensOf } = await open('groups')
    const context = generator.promptTokens(prompts[1]!)
    const { spellm } = await generator.inspect(context, generator.createKvContext())
    const [picked] = await tokensOf({ maxTokens: 1 })
    expect(spellm!.doubt).toBeTypeOf('number')
    expect(spellm!.trie[0]!.index).toBe(picked)
    expect(spellm!.free).toEqual({ symbols: [], unit: picked })
    expect(spellm!.heads).toHaveLength(1)
    await generator.release()
  })
})
