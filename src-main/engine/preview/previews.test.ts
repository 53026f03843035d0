import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stories } from '../../../resources/stories/stories.ts'
import { openTokenizer, type Tokenizer } from '../../tokenizer/index.ts'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'
import { engineErrorOf, type Client } from '../testing/client.ts'
import { openEngine, type OpenEngine } from '../testing/open-engine.ts'
import { writeShortModel } from '../testing/short-model.ts'

let scratch = ''
let opened: OpenEngine
let client: Client
let tokenizer: Tokenizer
let text = ''
const documents: string[] = []

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-previews-'))
  opened = await openEngine({ dataFolder: join(scratch, 'data') })
  client = opened.client
  tokenizer = await openTokenizer(modelFolder(sampleModelName))
  for (const story of stories(11)) if (documents.push(`Crêpes for 5€. ${story}`) === 40) break
  text = join(scratch, 'stories.txt')
  await writeFile(text, documents.join('\n<|endoftext|>\n'))
})
afterAll(async () => {
  await opened.close()
  await rm(scratch, { recursive: true, force: true })
})

/** The tokens of the text as a conversion reads them: each document after the token that begins it. */
const corpus = () => documents.flatMap((document) => [0, ...tokenizer.encode(document)])

describe('a text', () => {
  it('is shown by its beginnings and counted', async () => {
    const preview = await client.text.preview({ model: sampleModelName, texts: [text] })
    expect(preview.documents).toEqual(documents.slice(0, 5).map((document) => document.slice(0, 2_000)))
    expect(preview.bytes).toBe(Buffer.byteLength(documents.join('\n<|endoftext|>\n')))
    expect(preview.tokens).toBe(corpus().length)
  })

  it('that is long is counted at its beginning and extended to its size', async () => {
    const long = join(scratch, 'long.txt')
    const repeated = Array.from({ length: 20 }, () => documents.join('\n<|endoftext|>\n'))
    await writeFile(long, repeated.join('\n<|endoftext|>\n'))
    const { tokens } = await client.text.preview({ model: sampleModelName, texts: [long] })
    expect(tokens! / (20 * corpus().length)).toBeCloseTo(1, 1)
  })

  it('of the sample model is its stories, as many as are asked for', async () => {
    const preview = await client.text.preview({ model: sampleModelName, texts: [] })
    expect(preview.documents).toHaveLength(5)
    expect(preview.tokens).toBeNull()
  })

  it('that a model will write itself is not there yet', async () => {
    const model = join(scratch, 'model')
    await writeShortModel(model)
    const preview = await client.text.preview({ model, texts: [] })
    expect(preview).toEqual({ documents: [], bytes: 0, tokens: null })
    const choice = { model, texts: [], k: 4, alphabet: 'ascii' }
    const { countedTokens, corpus } = await client.spelling.preview(choice)
    expect(countedTokens).toBe(0)
    // Each token that stands for text counts once.
    const ordinary = tokenizer.entries.filter(({ special }) => !special)
    const { covered } = bruteForce(
      ordinary.map((entry) => tokenizer.entries.indexOf(entry)),
      4,
      asciiOnly,
    )
    expect(corpus.covered).toBeCloseTo(covered, 9)
  })

  it.each([
    ['binary', Buffer.from([1, 2, 0, 3]), 'text-invalid'],
    ['empty', '', 'text-invalid'],
  ])('that is %s is refused', async (name, contents, code) => {
    const path = join(scratch, `${name}.txt`)
    await writeFile(path, contents)
    for (const call of [
      () => client.text.preview({ model: sampleModelName, texts: [path] }),
      () => client.spelling.preview({ model: sampleModelName, texts: [path], k: 4, alphabet: 'auto' }),
    ])
      expect((await engineErrorOf(call())).code).toBe(code)
  })

  it('that is missing is refused', async () => {
    const call = client.text.preview({ model: sampleModelName, texts: [join(scratch, 'missing.txt')] })
    expect(await engineErrorOf(call)).toMatchObject({
      code: 'file-not-found',
      message: expect.stringContaining('missing.txt') as string,
    })
  })
})

const asciiOnly = (character: string) => /^[\t\n -~]$/.test(character)

/** Shares of tokens by status, counted one by one: `isInAlphabet` says which characters may be spelled. */
function bruteForce(ids: readonly number[], k: number, isInAlphabet: (character: string) => boolean) {
  const counts = new Map<number, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  const spellings = tokenizer.entries.map(({ special, bytes, content }, id) => {
    if (special) return { id, spelling: `special ${content}`, isWhole: true }
    const characters = Array.from(new TextDecoder().decode(bytes))
    if (characters.length === 0 || !characters.every(isInAlphabet)) return null
    return { id, spelling: characters.slice(0, k).join(''), isWhole: characters.length <= k }
  })
  const countOf = (id: number) => counts.get(id) ?? 0
  const winners = new Map<string, NonNullable<(typeof spellings)[number]>>()
  for (const spelled of spellings) {
    if (spelled === null) continue
    const holder = winners.get(spelled.spelling)
    const rank = ({ id, isWhole }: typeof spelled) => countOf(id) * 2 + Number(isWhole)
    if (!holder || rank(spelled) > rank(holder)) winners.set(spelled.spelling, spelled)
  }
  const totals = { covered: 0, truncated: 0, shadowed: 0, uncovered: 0 }
  const problems = new Map<number, number>()
  for (const [id, count] of counts) {
    const spelled = spellings[id]
    const status = !spelled
      ? 'uncovered'
      : winners.get(spelled.spelling) !== spelled
        ? 'shadowed'
        : spelled.isWhole
          ? 'covered'
          : 'truncated'
    totals[status] += count
    if (status !== 'covered') problems.set(id, count)
  }
  const total = ids.length
  return {
    covered: totals.covered / total,
    truncated: totals.truncated / total,
    shadowed: totals.shadowed / total,
    uncovered: totals.uncovered / total,
    problems,
  }
}

describe('a choice of spelling', () => {
  const choice = (k: number, alphabet: string) => ({ model: sampleModelName, texts: [text], k, alphabet })

  it.each([
    [3, 'ascii', asciiOnly],
    [8, 'ascii', asciiOnly],
    [6, 'characters:abcdefghijklmnopqrstuvwxyz ', (character: string) => /^[a-z ]$/.test(character)],
  ])('of k = %j and %s covers what counting token by token says', async (k, alphabet, isInAlphabet) => {
    const preview = await client.spelling.preview(choice(k, alphabet))
    const { problems, ...expected } = bruteForce(corpus(), k, isInAlphabet)
    expect(preview.countedTokens).toBe(corpus().length)
    for (const [status, share] of Object.entries(expected))
      expect(preview.corpus[status as keyof typeof preview.corpus], status).toBeCloseTo(share, 9)

    const { alphabets, ks, covered } = preview.heatmap
    const row = alphabets.findIndex(({ specification }) => specification === alphabet)
    expect(covered[row]![ks.indexOf(k)]).toBeCloseTo(expected.covered, 9)
    for (const shares of covered) {
      expect(shares).toHaveLength(ks.length)
      for (let i = 1; i < shares.length; i++) expect(shares[i]).toBeGreaterThanOrEqual(shares[i - 1]! - 1e-12)
    }

    const ranked = [...problems].sort(([a, p], [b, q]) => q - p || a - b).slice(0, 50)
    expect(preview.problems.map(({ token, count }) => [token, count])).toEqual(ranked)
  })

  it('of pieces covers every token, those of rare characters too', async () => {
    const preview = await client.spelling.preview(choice(20, 'pieces'))
    expect(preview.corpus).toMatchObject({ uncovered: 0, truncated: 0 })
    expect(preview.characters.slice(256, 258)).toEqual(['he', ' t'])
    const { alphabets, ks, covered } = preview.heatmap
    const row = alphabets.findIndex(({ specification }) => specification === 'pieces')
    expect(alphabets[row]!.size).toBe(preview.alphabetSize)
    expect(covered[row]![ks.indexOf(20)]).toBeCloseTo(preview.corpus.covered, 9)
    const bytes = alphabets.findIndex(({ specification }) => specification === 'bytes')
    expect(alphabets[row]!.size - alphabets[bytes]!.size).toBe(250)
    for (const [i, share] of covered[row]!.entries())
      expect(share).toBeGreaterThanOrEqual(covered[bytes]![i]! - 1e-12)
  })

  it('shows problems where they occur', async () => {
    const { problems } = await client.spelling.preview(choice(12, 'ascii'))
    const euro = problems.find(({ text }) => text.includes('€') || text.includes('\ufffd'))!
    expect(euro.status).toBe('uncovered')
    expect(euro.share).toBeCloseTo(euro.count / corpus().length, 12)
    for (const { text, example } of problems.filter(({ text }) => !text.includes('\ufffd')))
      expect(documents.join('')).toContain(example.before.slice(-10) + text + example.after.slice(0, 10))
  })

  it('costs what its heads and the adapter for the model hold', async () => {
    const { alphabetSize, characters, parameters } = await client.spelling.preview(choice(8, 'ascii'))
    expect(characters).toHaveLength(97)
    const special = tokenizer.entries.filter(({ special }) => special).length
    expect(alphabetSize).toBe(97 + 1 + special)
    expect(parameters).toEqual({
      tail: 8 * alphabetSize * 256 + 3 * 256 * (512 + 1024),
      baseHead: 4096 * 256,
    })
  })

  it('spells any text, token by token', async () => {
    const word = 'Once upon a crêpe'
    const spelled = await client.spelling.spell({ ...choice(4, 'latin1'), text: word })
    expect(spelled.map(({ token }) => token)).toEqual(tokenizer.encode(word))
    for (const { text, symbols, status } of spelled) {
      if (status === 'uncovered') expect(symbols).toEqual([])
      else expect(symbols.join('')).toBe(text.slice(0, 4))
    }
    const inBytes = await client.spelling.spell({ ...choice(4, 'bytes'), text: 'é' })
    expect(inBytes.flatMap(({ symbols }) => symbols)).toEqual(['‹C3›', '‹A9›'])
  })

  it.each(['klingon', 'characters:\ud800', 'characters:\u4e00'])('%j is refused', async (alphabet) => {
    const error = await engineErrorOf(client.spelling.preview(choice(4, alphabet)))
    expect(error).toMatchObject({
      code: 'setting-invalid',
      message: expect.stringContaining('alphabet') as string,
    })
  })
})

describe('a spelling with token symbols', () => {
  const withSymbols = (k: number, tokenSymbols: 'auto' | number = 'auto') => ({
    model: sampleModelName,
    texts: [text],
    k,
    alphabet: 'ascii',
    tokenSymbols,
  })
  const special = () => tokenizer.entries.flatMap(({ special }, id) => (special ? [id] : []))
  /** Tokens that a text has most often, and the special ones. */
  const mostFrequent = (n: number) => {
    const counts = new Map<number, number>()
    for (const id of corpus()) counts.set(id, (counts.get(id) ?? 0) + 1)
    const order = [...tokenizer.entries.keys()].sort(
      (a, b) => (counts.get(b) ?? 0) - (counts.get(a) ?? 0) || a - b,
    )
    return new Set([...special(), ...order.slice(0, n)])
  }

  it('gives symbols to the tokens that the text has most often, as many as a quarter of a small vocabulary', async () => {
    const symbols = mostFrequent(4096 / 4)
    const preview = await client.spelling.preview(withSymbols(8))
    expect(preview.tokenSymbols).toBe(symbols.size)
    const ids = corpus()
    expect(preview.corpus.symbol).toBeCloseTo(ids.filter((id) => symbols.has(id)).length / ids.length, 12)
    expect(preview.vocabulary.symbol).toBeCloseTo(symbols.size / 4096, 12)
    // Text, END, OTHER.
    expect(preview.alphabetSize).toBe(97 + 2)
    expect(preview.tailShare).toBeCloseTo((symbols.size + 99 + 3 * 512) / 4096, 12)
    // The heads have biases.
    expect(preview.parameters.tail).toBe(8 * 99 * (256 + 1) + 3 * 256 * 512)
    for (const { token, status } of preview.problems) {
      expect(status).not.toBe('symbol')
      expect(symbols).not.toContain(token)
    }

    const row = preview.heatmap.alphabets.findIndex(({ specification }) => specification === 'ascii')
    const { covered, symbol } = preview.corpus
    expect(preview.heatmap.covered[row]![8 - 1]).toBeCloseTo(covered + symbol, 12)
  })

  it('beside learned groups leaves nothing to spell', async () => {
    const choice = { ...withSymbols(8), alphabet: 'groups:64:4' }
    const preview = await client.spelling.preview(choice)
    const { covered, symbol, truncated, shadowed, uncovered } = preview.vocabulary
    expect(preview).toMatchObject({ groups: 64, characters: [], problems: [] })
    expect(covered + symbol).toBe(1)
    expect([truncated, shadowed, uncovered]).toEqual([0, 0, 0])
    // Groups of even size: 4 of 64 are read, of the tokens without a symbol.
    const members = (4 * (4096 - preview.tokenSymbols)) / 64
    const rows = preview.tokenSymbols + preview.alphabetSize + 3 * 512 + members
    expect(preview.tailShare).toBeCloseTo(rows / 4096, 3)
    // What is compared is spelled.
    expect(preview.heatmap.alphabets.map(({ specification }) => specification)).not.toContain('groups:64:4')
    const spelled = await client.spelling.spell({ ...choice, text: 'The crêpe' })
    expect(spelled.every(({ symbols }) => symbols.length === 0)).toBe(true)

    const request = { base: sampleModelName, texts: [text], alphabet: 'groups:64:4', k: 8 }
    const { settings, estimate } = await client.runs.estimate(request)
    expect(settings).toMatchObject({ alphabet: 'groups:64:4', k: 1, mode: 'lossless' })
    expect(estimate.tailShare).toBeCloseTo(preview.tailShare!, 12)
  })

  it('gives as many as are asked for, and spells the others', async () => {
    const symbols = mostFrequent(40)
    expect((await client.spelling.preview(withSymbols(8, 40))).tokenSymbols).toBe(symbols.size)
    const word = 'The crêpe, straightforwardly'
    const spelled = await client.spelling.spell({ ...withSymbols(8, 40), text: word })
    expect(spelled.map(({ token }) => token)).toEqual(tokenizer.encode(word))
    expect(spelled.some(({ status }) => status === 'symbol')).toBe(true)
    expect(spelled.some(({ status }) => status === 'covered')).toBe(true)
    for (const { token, status, symbols: spelling } of spelled) {
      expect(status === 'symbol').toBe(symbols.has(token))
      if (status === 'symbol') expect(spelling).toEqual([])
    }
  })

  it('takes the first of the vocabulary where there is no text yet', async () => {
    const model = join(scratch, 'wordless')
    await writeShortModel(model)
    const preview = await client.spelling.preview({ ...withSymbols(8, 100), model, texts: [] })
    expect(preview.countedTokens).toBe(0)
    expect(preview.tokenSymbols).toBe(100 + special().length)
    const spelled = await client.spelling.spell({ ...withSymbols(8, 100), model, texts: [], text: 'bear' })
    const ordinary = [...tokenizer.entries.keys()].filter((id) => !special().includes(id)).slice(0, 100)
    for (const { token, status } of spelled) expect(status === 'symbol').toBe(ordinary.includes(token))
  })

  it('has none where words are spelled', async () => {
    const preview = await client.spelling.preview({ ...withSymbols(16), units: 'word' })
    expect(preview).toMatchObject({ tokenSymbols: 0, tailShare: null })
    expect(preview.corpus.symbol).toBe(0)
  })
})

describe('an estimate', () => {
  it('fills in the defaults and says what the run will take', async () => {
    const { settings, estimate } = await client.runs.estimate({ base: sampleModelName, texts: [], k: 8 })
    expect(settings).toMatchObject({
      k: 8,
      tokens: 122_880,
      alphabet: 'auto',
      tokenSymbols: 'auto',
      contextSymbols: 512,
      objective: 'soft',
      mode: 'lossless',
      epochs: 3,
      batchTokens: 512,
    })
    // 7 chunks of 16,384 positions fit into 122,880 tokens.
    const positions = 7 * 16_384
    expect(estimate.tokens).toBe(positions)
    expect(estimate.steps).toBe((3 * positions) / 512)
    expect(estimate.adapterWidths).toEqual([512])
    const symbols = (estimate.tailParameters - 3 * 256 * 512) / (8 * 257)
    expect(Number.isInteger(symbols)).toBe(true)
    expect(estimate.tokenSymbols).toBeGreaterThanOrEqual(4096 / 4)
    expect(estimate.tailShare).toBeCloseTo((estimate.tokenSymbols + symbols + 3 * 512) / 4096, 12)
    // States of text and answers, and the targets: a half float for each symbol.
    const states = (positions + 28_672) * (2 * 256 + 4)
    expect(estimate.disk.needed).toBeGreaterThan(states + positions * (2 * symbols + 24))
    expect(estimate.memory.needed).toBeGreaterThan(4 * 5_475_584)
    expect(estimate.seconds.low).toBeGreaterThan(0)
    expect(estimate.seconds.high).toBeGreaterThan(estimate.seconds.low)
  })

  it('counts what the model writes itself: rounds of 128 texts of 320 tokens', async () => {
    const model = join(scratch, 'writer')
    await cp(modelFolder(sampleModelName), model, { recursive: true })
    const written = await client.runs.estimate({ base: model, texts: [] })
    expect(written.settings.tokens).toBe(122_880)
    expect(written.estimate.tokens).toBe(3 * 128 * 320)
    expect(written.estimate.steps).toBe((3 * 3 * 128 * 320) / 512)
    const given = await client.runs.estimate({ base: sampleModelName, texts: [], tokens: 122_880 })
    // A text that is read takes less time than one that is written.
    expect(written.estimate.seconds.low).toBeGreaterThan(given.estimate.seconds.low)
  })

  it('of characters alone is that of a larger text', async () => {
    const request = { base: sampleModelName, texts: [], k: 8, tokenSymbols: 0 }
    const { settings, estimate } = await client.runs.estimate(request)
    expect(settings).toMatchObject({ k: 8, tokens: 800_000, alphabet: 'auto', epochs: 3, batchTokens: 2048 })
    expect(settings).toMatchObject({ tokenSymbols: 0, mode: 'trie' })
    expect(estimate).toMatchObject({ tokenSymbols: 0, tailShare: null })
    // 48 chunks of 16,384 positions fit into 800,000 tokens.
    expect(estimate.tokens).toBe(48 * 16_384)
    expect(estimate.steps).toBe((3 * 48 * 16_384) / 2048)
    expect(estimate.adapterWidths).toEqual([512, 1024])
    const heads = (estimate.tailParameters - 3 * 256 * (512 + 1024)) / 256
    expect(heads % 8).toBe(0)
    // The cache alone holds 256 half floats and a choice for each position, also of the held-out text.
    expect(estimate.disk.needed).toBeGreaterThan(50 * 16_384 * (2 * 256 + 4))
    expect(estimate.memory.needed).toBeGreaterThan(4 * 5_475_584)
    expect(estimate.seconds.low).toBeGreaterThan(0)
    expect(estimate.seconds.high).toBeGreaterThan(estimate.seconds.low)
  })

  it('of words is that of their speller: words need characters that no token has whole', async () => {
    const choice = { texts: [text], k: 16, alphabet: 'auto', tokenSymbols: 0 }
    const sizes = async (units: 'token' | 'word') => {
      const { estimate } = await client.runs.estimate({ ...choice, base: sampleModelName, units })
      const preview = await client.spelling.preview({ ...choice, model: sampleModelName, units })
      expect(estimate.tailParameters).toBe(preview.parameters.tail)
      return { ...estimate, alphabet: preview.alphabetSize }
    }
    const tokens = await sizes('token')
    const words = await sizes('word')
    // The tokenizer writes ê and € with two and three tokens.
    expect(words.alphabet).toBe(tokens.alphabet + 2)
    expect(words.tailParameters - tokens.tailParameters).toBe(16 * 2 * 256)
    expect(words.disk.needed).toBeGreaterThan(tokens.disk.needed)
    expect(words.memory.needed).toBeGreaterThan(tokens.memory.needed)
  })

  it('of rounded weights is that of their memory, while they are rounded too', async () => {
    const needed = async (precision: 'stored' | 'int8' | 'int4') => {
      const request = { base: sampleModelName, texts: [], tokenSymbols: 0, precision }
      const { settings, estimate } = await client.runs.estimate({ ...request, device: 'cpu' })
      expect(settings.precision).toBe(precision)
      return estimate.memory.needed
    }
    const [stored, int8, int4] = [await needed('stored'), await needed('int8'), await needed('int4')]
    // Rounding takes more than so small a model saves.
    expect(int8).toBeGreaterThan(stored)
    // A weight takes half a byte less.
    expect(int8 - int4).toBeGreaterThan(0.3 * 5_475_584)
  })

  it('learns from no more than the text has', async () => {
    const { estimate } = await client.runs.estimate({ base: sampleModelName, texts: [text] })
    expect(estimate).toMatchObject({ tokens: 0, steps: 0 })
  })
})
