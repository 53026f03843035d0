import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stories } from '../../../resources/stories/stories.ts'
import { openTokenizer, type Tokenizer } from '../../formats/tokenizer.ts'
import { modelFolder, sampleModelName } from '../../models/model-folder.ts'
import { startEngine, type Engine } from '../engine.ts'
import { connectTo, engineErrorOf, type Client, type ConnectedClient } from '../testing/client.ts'
import { writeShortModel } from '../testing/short-model.ts'

let scratch = ''
let engine: Engine
let connected: ConnectedClient
let client: Client
let tokenizer: Tokenizer
let text = ''
const documents: string[] = []

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-previews-'))
  engine = await startEngine({ dataFolder: join(scratch, 'data'), crash: null })
  connected = connectTo(engine)
  client = connected.client
  tokenizer = await openTokenizer(modelFolder(sampleModelName))
  for (const story of stories(11)) if (documents.push(`Crêpes for 5€. ${story}`) === 40) break
  text = join(scratch, 'stories.txt')
  await writeFile(text, documents.join('\n<|endoftext|>\n'))
})
afterAll(async () => {
  connected.close()
  await engine.close()
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

describe('an estimate', () => {
  it('fills in the defaults and says what the run will take', async () => {
    const { settings, estimate } = await client.runs.estimate({ base: sampleModelName, texts: [], k: 8 })
    expect(settings).toMatchObject({ k: 8, tokens: 800_000, alphabet: 'auto', epochs: 3, batchTokens: 2048 })
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

  it('learns from no more than the text has', async () => {
    const { estimate } = await client.runs.estimate({ base: sampleModelName, texts: [text] })
    expect(estimate).toMatchObject({ tokens: 0, steps: 0 })
  })
})
