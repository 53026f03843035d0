import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { stories } from '../../resources/stories/stories.ts'
import { measuredCostsSchema } from '../decode/measure-costs.ts'
import { writeSymbolSpellm } from '../decode/testing/symbol-spellm.ts'
import { openSafetensors } from '../formats/safetensors.ts'
import { hashBaseModel } from '../models/base-model-hash.ts'
import { openBaseModel } from '../models/base-model.ts'
import { modelFolder, sampleModelName } from '../models/model-folder.ts'
import { deviceSchema } from '../runtime/devices/device.ts'
import { deviceReportSchema } from '../runtime/devices/report.ts'
import { lastLine, spellm, type Finished } from '../engine/testing/cli.ts'
import { writeShortModel } from '../engine/testing/short-model.ts'

const prompt = 'Once upon a time'
let scratch = ''
let model = ''
let runs = ''
/** A text that no conversion has seen. */
let evaluated = ''
/** Two conversions that differ in their folder only. */
let first: Finished
let second: Finished

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'spellm-cli-'))
  model = join(scratch, 'model')
  runs = join(scratch, 'runs')
  await writeShortModel(model)
  const writeStories = async (path: string, seed: number) => {
    const text: string[] = []
    for (const story of stories(seed)) if (text.push(story) === 250) break
    await writeFile(path, text.join('\n<|endoftext|>\n'))
  }
  const file = join(scratch, 'stories.txt')
  await writeStories(file, 4)
  evaluated = join(scratch, 'evaluated.txt')
  await writeStories(evaluated, 9)
  const small = [
    '--tokens',
    '1000',
    '--k',
    '6',
    '--adapter',
    '16',
    '--batch',
    '256',
    '--epochs',
    '2',
    '--sampling-tail',
  ]
  const convert = (name: string) =>
    spellm([
      'convert',
      model,
      '--out',
      join(runs, name),
      '--text',
      file,
      ...small,
      '--seed',
      '5',
      '--device',
      'cpu',
      '--json',
    ])
  ;[first, second] = await Promise.all([convert('first'), convert('second')])
}, 300_000)
afterAll(() => rm(scratch, { recursive: true, force: true }))

function succeeded(finished: Finished): Finished {
  expect(finished.code, finished.stderr).toBe(0)
  return finished
}

const json = async (...args: string[]) => lastLine(succeeded(await spellm([...args, '--json'])))
const isDevice = (value: unknown) => deviceSchema.safeParse(value).success
const isShare = (value: unknown) => typeof value === 'number' && value > 0 && value <= 1

describe('spellm convert --json', () => {
  it('ends with one line that holds the result', async () => {
    const result = lastLine(succeeded(first)) as Record<string, unknown>
    // Each is a mean over the held-out positions.
    expect(result['agreement']).toEqual({
      trie: expect.toSatisfy(isShare) as number,
      free: expect.toSatisfy(isShare) as number,
      positions: 20_480,
    })
    expect(result).toMatchObject({ tokens: 4_096, steps: 32, k: 6, out: join(runs, 'first') })
    expect(result['samplingTail']).toEqual({
      steps: 16,
      divergence: expect.toSatisfy((value: number) => value > 0 && value < 20) as number,
    })
    expect(result['seconds']).toBeGreaterThan(0)
    const { alphabet } = JSON.parse(await readFile(join(runs, 'first/spellm/spellm.json'), 'utf8')) as {
      alphabet: { characters: string[]; specialTokens: number[] }
    }
    // END is a symbol too.
    expect(result['alphabetSize']).toBe(alphabet.characters.length + 1 + alphabet.specialTokens.length)
    expect(JSON.parse(await readFile(join(runs, 'first/result.json'), 'utf8'))).toEqual(
      Object.fromEntries(Object.entries(result).filter(([name]) => name !== 'out')),
    )
  })

  it('gives the same SpeLLM with the same seed, to the last bit', async () => {
    const results = [first, second].map((run) => lastLine(succeeded(run)) as { agreement: unknown })
    expect(results[1]!.agreement).toEqual(results[0]!.agreement)
    const tail = (run: string) => readFile(join(runs, run, 'spellm/tail.safetensors'))
    expect((await tail('second')).equals(await tail('first'))).toBe(true)
  })
})

describe('spellm generate', () => {
  const written = (...options: string[]) =>
    json('generate', join(runs, 'first'), '--prompt', prompt, '--max-tokens', '20', ...options)

  it('with --json prints text, number of tokens and their rate', async () => {
    expect(await written()).toEqual({
      text: expect.stringMatching(/./) as string,
      tokens: expect.toSatisfy((tokens: number) => tokens > 0 && tokens <= 20) as number,
      tokensPerSecond: expect.toSatisfy((rate: number) => rate > 0) as number,
      mode: 'trie',
      device: expect.toSatisfy(isDevice) as string,
    })
  })

  it('measures what passes of a SpeLLM with token symbols cost once for all processes', async () => {
    const folder = join(scratch, 'measured')
    await writeSymbolSpellm(folder)
    const env = { SPELLM_DATA: join(scratch, 'data') }
    const written = async () => {
      succeeded(
        await spellm(['generate', folder, '--prompt', prompt, '--max-tokens', '4', '--device', 'cpu'], {
          env,
        }),
      )
      return readFile(join(env.SPELLM_DATA, 'costs.json'), 'utf8')
    }
    const kept = await written()
    const { costs } = JSON.parse(kept) as { costs: Record<string, { costs: unknown }> }
    const [[key, { costs: measured }]] = Object.entries(costs) as [[string, { costs: unknown }]]
    expect(key).toContain(await hashBaseModel(await openBaseModel(modelFolder(sampleModelName))))
    expect(measuredCostsSchema.parse(measured)).toEqual(measured)
    expect(await written()).toBe(kept)
  })

  it('draws the same text with the same seed and temperature, and another with another seed', async () => {
    const textOf = async (seed: string) =>
      ((await written('--temperature', '2', '--seed', seed)) as { text: string }).text
    const [text, again, other] = await Promise.all(['3', '3', '4'].map(textOf))
    expect(again).toBe(text)
    expect(other).not.toBe(text)
  })

  it('without --json prints prompt and text, and what it measured beside them', async () => {
    const args = ['generate', model, '--mode', 'base', '--prompt', prompt, '--max-tokens', '7']
    const [shown, result] = await Promise.all([spellm(args), json(...args)])
    expect(succeeded(shown).stdout).toBe(prompt + (result as { text: string }).text)
    expect(shown.stderr).toMatch(/7 tokens, \d+ tokens\/s, mode base, device \w+/)
  })
})

describe('spellm eval', () => {
  it('--json has every figure, on at least as many positions as asked for', async () => {
    const share = expect.toSatisfy(isShare) as number
    const number = expect.any(Number) as number
    const rollOut = {
      texts: 2,
      identical: number,
      meanTokens: number,
      medianTokens: number,
      sameShare: number,
      tokens: number,
      steps: number,
      headPasses: number,
      headRows: number,
      trunkPasses: number,
      stepsSaved: number,
      tokensPerHeadPass: expect.toSatisfy((value) => value === null || typeof value === 'number') as number,
    }
    const interval = [number, number]
    // Every token is.
    const spelled = { share: 1, agreement: share, agreementNoLoops: share }
    const ofMode = {
      agreement: share,
      agreementNoLoops: share,
      spelled: null,
      bytesShare: number,
      texts: 2,
      identicalTexts: number,
      trunkPasses: number,
      headPasses: number,
    }
    const found = (await json(
      'eval',
      join(runs, 'first'),
      '--text',
      evaluated,
      '--positions',
      '5000',
      '--rollouts',
      '2',
    )) as object
    expect(found).toEqual({
      text: 'given',
      // Whole windows of 64.
      agreement: { positions: 5_056, trie: share, free: share, gated: share },
      agreementNoLoops: { positions: number, trie: share, free: share, gated: share },
      modes: [
        {
          mode: 'lossless',
          ...ofMode,
          agreement: 1,
          agreementNoLoops: null,
          identicalTexts: 2,
          rows: number,
        },
        { mode: 'gated', ...ofMode, rows: expect.anything() as number },
        { mode: 'trie', ...ofMode, spelled, headPasses: 0, rows: null },
        { mode: 'free', ...ofMode, headPasses: 0, rows: null },
      ],
      baselines: [],
      intervals: { trie: interval, free: interval, gated: interval },
      candidates: 8,
      gateShare: 0.05,
      gatedBaseShare: share,
      // It says token by token.
      words: null,
      kinds: {
        status: expect.any(Array) as unknown[],
        frequency: expect.any(Array) as unknown[],
        script: expect.any(Array) as unknown[],
      },
      perplexity: expect.toSatisfy((value: number) => value > 1) as number,
      perplexityInterval: interval,
      perplexityTokens: number,
      basePerplexity: expect.toSatisfy((value: number) => value > 1 && value < 4_096) as number,
      normaliserError: null,
      textPerplexity: expect.toSatisfy((value: number) => value > 1 && value < 4_096) as number,
      textPerplexityInterval: interval,
      // All but the first of each window.
      textPerplexityTokens: 79 * 63,
      storedPerplexity: null,
      spellmPerplexity: expect.toSatisfy((value: number) => value > 1) as number,
      spellmPerplexityInterval: interval,
      spellmPerplexityTokens: number,
      basePerplexityOnSameTokens: number,
      unsaidTokens: number,
      calibrationError: share,
      calibrationBins: expect.toSatisfy((bins: unknown[]) => bins.length === 15) as unknown[],
      textCalibrationError: share,
      baseTextCalibrationError: share,
      samplingTail: {
        perplexity: expect.toSatisfy((value: number) => value > 1) as number,
        perplexityInterval: interval,
        textCalibrationError: share,
      },
      rollOuts: [
        { mode: 'lossless', ...rollOut, identical: 2 },
        ...['gated', 'trie', 'free'].map((mode) => ({ mode, ...rollOut })),
      ],
      tasks: [],
      device: expect.toSatisfy(isDevice) as string,
      precision: 'stored',
      source: null,
    })
    const documentation = await readFile(join(import.meta.dirname, '../../docs/evaluation.md'), 'utf8')
    for (const name of Object.keys(found)) expect(documentation).toContain(`\`${name}\``)
  })

  it('measures one mode, scores tasks, and writes a page', async () => {
    const tasks = join(scratch, 'tasks.jsonl')
    const ofBase = ['--mode', 'base', '--prompt', 'Once upon a', '--max-tokens', '5']
    const { text: expected } = (await json('generate', model, ...ofBase)) as { text: string }
    const lines = [
      { context: 'Once upon a', choices: ['time', 'qwx'], answer: 0 },
      { context: 'Once upon a', expected, stop: ['\u0001'], maxTokens: 5 },
    ]
    await writeFile(tasks, lines.map((line) => JSON.stringify(line)).join('\n'))
    const page = join(scratch, 'page.html')
    const measured = ['--text', evaluated, '--positions', '600', '--rollouts', '1', '--mode', 'trie']
    const common = ['eval', join(runs, 'first'), ...measured]
    const found = await json(...common, '--tasks', tasks, '--report', page)
    const right = { value: 1, low: 0, high: 1 }
    expect(found).toMatchObject({
      agreement: { positions: 640, trie: expect.toSatisfy(isShare) as number },
      candidates: 8,
      gatedBaseShare: null,
      rollOuts: [{ mode: 'trie' }],
      tasks: [
        {
          name: 'tasks.jsonl',
          base: { acc: 1, low: 0, high: 1 },
          spellm: { acc: expect.toSatisfy(isShare) as number },
          file: tasks,
          choice: {
            tasks: 1,
            base: { acc: right, accNorm: right },
            spellm: { acc: expect.anything() as object },
          },
          exact: { tasks: 1, exactMatch: { base: right, trie: expect.anything() as object } },
        },
      ],
    })
    expect(await readFile(page, 'utf8')).toMatch(/^<!doctype html>[^]*Once upon a[^]*<\/html>\n$/)
    expect(succeeded(await spellm(common)).stdout).toMatch(/^agreement on 640 positions[^]*\n {2}trie\(8\) /)
  })

  it('names the file and line of a task that is none', async () => {
    const tasks = join(scratch, 'wrong.jsonl')
    await writeFile(tasks, '{"context": "a"}')
    const finished = await spellm([
      'eval',
      join(runs, 'first'),
      '--text',
      evaluated,
      '--tasks',
      tasks,
      '--json',
    ])
    expect(lastLine(finished)).toMatchObject({
      error: {
        code: 'text-invalid',
        message: expect.stringContaining(`${tasks}, line 1: field 'choices'`) as string,
      },
    })
  })
})

describe('spellm bench', () => {
  const part = z.number()
  const costSchema = z.object({
    mode: z.string(),
    milliseconds: part,
    trunk: part,
    head: part,
    tail: part,
    search: part,
    reduction: z.number(),
    shareOfLimit: z.number().nullable(),
    bytes: z.number().positive(),
    bandwidthShare: z.number().positive(),
  })
  const benchmarkSchema = z.strictObject({
    precision: z.literal('stored'),
    source: z.null(),
    isTrained: z.boolean(),
    threads: z.int().nullable(),
    candidates: z.int(),
    gateShare: z.number(),
    bandwidth: z.number().positive(),
    weightBytes: z.object({ trunk: part, head: part, headRow: part, tail: part }),
    peakMemoryBytes: z.number().positive(),
    modes: z.array(
      z.looseObject({ mode: z.string(), msPerToken: part.nullable(), speedup: part.nullable() }),
    ),
    contexts: z.array(
      z.object({
        context: z.int(),
        keyValueBytes: z.number().positive(),
        limit: z.number(),
        modes: z.array(costSchema),
        peer: z.null(),
        parts: z.looseObject({ trunk: part, head: part }),
      }),
    ),
    text: z
      .object({
        tokens: z.int(),
        base: part,
        lossless: part,
        reduction: z.number(),
        tokensPerHeadPass: z.number().min(1),
      })
      .nullable(),
    written: z
      .object({
        prompts: z.enum(['chat', 'document']),
        sampling: z.looseObject({ temperature: part }).nullable(),
        contexts: z.array(
          z.object({
            context: z.int(),
            promptTokens: part,
            modes: z.array(z.looseObject({ mode: z.string() })),
            plan: z.looseObject({ costs: z.looseObject({}) }).nullable(),
            peer: z.null(),
          }),
        ),
      })
      .nullable(),
  })
  const few = ['--steps', '5', '--contexts']
  const expectDocumented = async (names: readonly string[]) => {
    const documentation = await readFile(join(import.meta.dirname, '../../docs/benchmark.md'), 'utf8')
    for (const name of names) expect(documentation).toContain(`\`${name}\``)
  }

  it('--json has base and all modes at each context, and lossless mode on text', async () => {
    const out = join(scratch, 'bench')
    const found = benchmarkSchema.parse(
      await json('bench', join(runs, 'first'), ...few, '8,32', '--threads', '1', '--out', out),
    )
    expect(found).toMatchObject({ isTrained: true, threads: 1, candidates: 8, gateShare: 0.05 })
    expect(found.contexts.map(({ context }) => context)).toEqual([8, 32])
    for (const { limit, modes, parts } of found.contexts) {
      expect(modes.map(({ mode }) => mode)).toEqual(['base', 'gated', 'trie', 'free'])
      expect(limit).toBeCloseTo(parts.head / (parts.trunk + parts.head), 9)
    }
    expect(found.text?.tokens).toBe(10)
    expect(found.written).toBeNull()
    expect(found.modes.map(({ mode }) => mode)).toEqual(['base', 'gated', 'trie', 'free', 'lossless'])
    expect(found.modes[0]!.speedup).toBe(1)
    expect(JSON.parse(await readFile(join(out, 'bench.json'), 'utf8'))).toEqual([
      { title: join(runs, 'first'), result: found },
    ])
    expect(await readFile(join(out, 'bench.md'), 'utf8')).toMatch(/^## [^]*\n\| lossless \| text \| \d/)
    expect(await readFile(join(out, 'bench.svg'), 'utf8')).toMatch(/^<svg\s[^]*<\/svg>\n$/)
    await expectDocumented([
      ...Object.keys(found),
      ...Object.keys(found.contexts[0]!),
      ...Object.keys(found.contexts[0]!.modes[0]!),
      ...Object.keys(found.text!),
      ...Object.keys(found.weightBytes),
      ...Object.keys(found.modes[0]!),
    ])
  })

  it('measures a SpeLLM with token symbols by the texts that it writes', async () => {
    const folder = join(scratch, 'symbols')
    await writeSymbolSpellm(folder)
    const args = [
      'bench',
      folder,
      '--steps',
      '6',
      '--texts',
      '2',
      '--contexts',
      '80,20',
      '--mode',
      'lossless',
    ]
    const found = benchmarkSchema.parse(await json(...args))
    expect(found).toMatchObject({ isTrained: true, contexts: [], text: null })
    expect(found.modes[0]).toMatchObject({ mode: 'base', speedup: 1 })
    expect(found.modes[1]).toMatchObject({ mode: 'lossless', texts: 2, identicalTexts: 2 })
    expect(found.modes).toHaveLength(2)
    const [shortest] = found.written!.contexts
    expect(shortest!.context).toBe(20)
    await expectDocumented([
      ...Object.keys(found.written!),
      ...Object.keys(shortest!),
      ...Object.keys(found.modes[1]!),
      ...Object.keys(shortest!.plan!),
      ...Object.keys(shortest!.plan!.costs),
    ])
    expect(succeeded(await spellm(args)).stdout).toMatch(/^mode +context [^]*\nlossless +80 /)
  })

  it('measures a base model with an untrained tail, in the modes that are named', async () => {
    const args = [
      'bench',
      model,
      ...few,
      '8',
      '--mode',
      'shortlist',
      '--mode',
      'lossless',
      '--candidates',
      '3',
    ]
    const found = benchmarkSchema.parse(await json(...args))
    expect(found).toMatchObject({ isTrained: false, candidates: 3, text: null })
    expect(found.contexts[0]!.modes.map(({ mode }) => mode)).toEqual(['base', 'trie'])
    const finished = succeeded(await spellm(args))
    expect(finished.stdout).toMatch(/^mode +context [^]*\ntrie \(3\) +8 /)
    // The name is one of earlier.
    expect(finished.stderr).toContain("'shortlist' is called 'trie' now")
  })

  it('refuses a context that the model can not hold', async () => {
    const finished = await spellm(['bench', model, '--contexts', '64', '--json'])
    expect(lastLine(finished)).toMatchObject({ error: { code: 'setting-invalid' } })
  })
})

it('spellm logits prints the logits after given tokens, all of them with --json', async () => {
  const reference = join(import.meta.dirname, '../models/testing/gqa-tied')
  const expected = z
    .object({ tokens: z.array(z.int()), prefillLogits: z.array(z.array(z.number())) })
    .parse(JSON.parse(await readFile(join(reference, 'expected.json'), 'utf8')))
  const { logits } = z
    .object({ logits: z.array(z.number()) })
    .parse(await json('logits', reference, '--tokens', expected.tokens.join()))
  const last = expected.prefillLogits.at(-1)!
  expect(logits).toHaveLength(last.length)
  logits.forEach((logit, token) => expect(logit).toBeCloseTo(last[token]!, 3))
  expect(succeeded(await spellm(['logits', reference, '--tokens', '1, 2'])).stdout.split('\n')[0]).toMatch(
    /^\d+\s+-?\d+\.\d{4}$/,
  )
})

describe('spellm devices', () => {
  const surveySchema = z.object({
    automatic: z.object({ device: z.string(), reason: z.string() }),
    devices: z.array(deviceReportSchema),
  })

  it('with --json tells of every device what it was seen to do', async () => {
    const { automatic, devices } = surveySchema.parse(await json('devices'))
    expect(devices.map(({ device }) => device)).toEqual(['cpu', 'cuda', 'dml', 'coreml', 'webgpu'])
    expect(devices[0]).toMatchObject({ works: true, rightNumbers: true, problem: null })
    expect(devices.find(({ device }) => device === automatic.device)!.rightNumbers).toBe(true)
  })

  it('without --json says why each that can not be used can not, and what auto stands for', async () => {
    const { devices } = surveySchema.parse(await json('devices'))
    const { stdout } = succeeded(await spellm(['devices']))
    expect(stdout).toMatch(/^auto: /m)
    for (const { problem } of devices) if (problem) expect(stdout).toContain(problem.reason)
  })

  it('that are not for this system are refused by name', async () => {
    const missing = process.platform === 'win32' ? 'coreml' : 'dml'
    const finished = await spellm(['generate', model, '--prompt', prompt, '--device', missing, '--json'])
    expect(finished.code).toBe(1)
    expect(lastLine(finished)).toMatchObject({ error: { code: 'device-unavailable' } })
  })
})

it('spellm runs --json lists the runs of a folder', async () => {
  const list = (await json('runs', runs)) as { folder: string }[]
  expect(list.map(({ folder }) => folder).sort()).toEqual([join(runs, 'first'), join(runs, 'second')])
  for (const run of list)
    expect(run).toMatchObject({
      status: 'finished',
      step: 32 + 16,
      base: { path: model },
      settings: { k: 6 },
    })
})

describe('the sample model', () => {
  const parameters = async () => {
    const { tensors } = await openSafetensors(join(modelFolder(sampleModelName), 'model.safetensors'))
    return [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
  }

  it('is described by spellm inspect --json', async () => {
    const count = await parameters()
    expect(await json('inspect', 'sample')).toMatchObject({
      architecture: 'llama',
      layers: 6,
      hiddenSize: 256,
      vocabSize: 4_096,
      contextLength: 384,
      dtype: 'F16',
      tied: true,
      parameters: count,
      lmHeadShare: expect.closeTo((4_096 * 256) / count, 10) as number,
      supported: true,
    })
  })

  it('is listed by spellm models --json', async () => {
    expect(await json('models')).toContainEqual(
      expect.objectContaining({ name: 'sample', architecture: 'llama', parameters: await parameters() }),
    )
  })
})

describe('--help names every option of spellm', () => {
  it.each<[string, string[]]>([
    [
      'convert',
      [
        ...[
          '--out',
          '--text',
          '--tokens',
          '--k',
          '--units',
          '--alphabet',
          '--adapter',
          '--epochs',
          '--batch',
        ],
        ...['--adapter-lr', '--heads-lr', '--seed', '--device', '--checkpoint-every', '--keep-cache'],
        ...['--sampling-tail', '--symbols', '--context-symbols', '--objective', '--questions', '--window'],
        ...['--text-of', '--resume', '--ignore-memory', '--precision', '--json'],
      ],
    ],
    [
      'generate',
      [
        ...['--prompt', '--max-tokens', '--mode', '--temperature', '--top-k', '--top-p', '--seed', '--stop'],
        ...['--candidates', '--gate-share', '--min-p', '--repetition-penalty'],
        ...['--presence-penalty', '--frequency-penalty', '--logit-bias'],
        ...['--base', '--device', '--ignore-memory', '--precision', '--json'],
      ],
    ],
    [
      'eval',
      [
        ...['--text', '--positions', '--mode', '--candidates', '--gate-share', '--rollouts'],
        ...['--rollout-tokens', '--tasks', '--limit', '--baselines', '--report', '--base', '--device'],
        ...['--precision', '--json'],
      ],
    ],
    [
      'chat',
      [
        ...['--system', '--max-tokens', '--mode', '--temperature', '--top-k', '--top-p', '--seed', '--stop'],
        ...['--candidates', '--gate-share', '--min-p', '--repetition-penalty'],
        ...['--presence-penalty', '--frequency-penalty', '--logit-bias'],
        ...['--base', '--device', '--ignore-memory', '--precision', '--json'],
      ],
    ],
    ['download', ['--revision', '--token-file', '--dry-run', '--json']],
    ['tokens', ['--text', '--split-special-tokens', '--json']],
    ['runs', ['--json']],
    [
      'bench',
      [
        ...['--mode', '--candidates', '--gate-share', '--contexts', '--steps', '--texts', '--threads'],
        ...['--temperature', '--top-k', '--top-p', '--min-p', '--seed', '--repetition-penalty'],
        ...['--presence-penalty', '--frequency-penalty'],
        ...['--base', '--precision', '--llama-cpp', '--out', '--json'],
      ],
    ],
    ['logits', ['--tokens', '--json']],
    ['inspect', ['--json']],
    ['models', ['--json']],
    ['devices', ['--fresh', '--json']],
    ['demo', ['--out']],
  ])('%s', async (command, options) => {
    const { stdout } = succeeded(await spellm([command, '--help']))
    const named = stdout.split('\n').flatMap((line) => /^\s+(?:-\w, )?(--[a-z-]+)/.exec(line)?.[1] ?? [])
    expect(named.sort()).toEqual([...options, '--help'].sort())
  })
})

describe('a wrong call ends with one clear line:', () => {
  it.each<[string, string[], RegExp]>([
    [
      'an unknown option',
      ['generate', 'sample', '--prompt', 'x', '--frobnicate'],
      /unknown option '--frobnicate'/,
    ],
    ['a number that is none', ['convert', 'sample', '--k', 'many'], /--k.*'many'.*Expected a whole number/],
    ['a forgotten option', ['generate', 'sample'], /required option '--prompt <text>'/],
    ['a token that is none', ['logits', 'sample', '--tokens', '1,x'], /--tokens.*'x' isn't a token id/],
    [
      'a device that there is not',
      ['generate', 'sample', '--prompt', 'x', '--device', 'toaster'],
      /--device.*Allowed choices are auto, cpu/,
    ],
    [
      'a mode that can not be measured',
      ['bench', 'sample', '--mode', 'x'],
      /--mode.*Allowed choices are lossless, gated/,
    ],
    [
      'a mode that there is not',
      ['generate', 'sample', '--mode', 'x'],
      /--mode.*Allowed choices are lossless/,
    ],
  ])('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await spellm(args)
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr.trim().split('\n')).toEqual([expect.stringMatching(message)])
  })

  it('of JSON where JSON was asked for', async () => {
    const finished = await spellm(['inspect', join(scratch, 'nowhere'), '--json'])
    expect(finished.code).toBe(1)
    expect(finished.stderr).toBe('')
    expect(lastLine(finished)).toEqual({
      error: {
        code: 'file-not-found',
        message: expect.stringContaining('nowhere') as string,
        remedy: expect.stringMatching(/./) as string,
      },
    })
  })
})
