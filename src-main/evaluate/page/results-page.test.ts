import { describe, expect, it } from 'vitest'
import type { Evaluation } from '../evaluation.ts'
import { html } from '../../base/html.ts'
import { resultsPage } from './results-page.ts'
import { styles } from './styles.ts'

const share = { value: 0.9, low: 0.85, high: 0.95 }
const hostile = `<img src=x onerror="alert('1')">&</td></style><script>alert(1)</script>\u202e\u0000`
const difference = { context: hostile, expected: hostile, picked: hostile, baseLead: 0.1, spellingLead: null }
const row = { positions: 10, agreement: { trie: share } }
const task = { context: hostile, line: 1 }
const calibration = {
  expectedError: 0.1,
  bins: [{ from: 0, to: 1, positions: 1, confidence: 0.5, agreement: 1 }],
}

const evaluation: Evaluation = {
  spellm: hostile,
  modes: ['trie'],
  kind: 'given',
  text: {
    agreement: {
      ...row,
      noLoops: row,
      kinds: { status: [{ kind: 'covered', ...row }], frequency: [], script: [] },
    },
    candidates: null,
    contextRows: 0,
    spelled: { share: 0.1, agreement: 0.5, agreementNoLoops: null },
    gatedBaseShare: null,
    words: { positions: 10, exactness: { trie: share }, tokensPerStep: { trie: 1.5 } },
    perplexity: { perplexity: share, tokens: 9 },
    storedPerplexity: { perplexity: share, tokens: 9 },
    learntPerplexity: { perplexity: share, tokens: 9, error: { mean: 0.01, deviation: 0.3 } },
    spellmPerplexity: { perplexity: share, tokens: 9, basePerplexity: 1, unsaidTokens: 0 },
    calibration,
    textCalibration: { base: calibration, spellm: calibration },
    samplingTail: { perplexity: { perplexity: share, tokens: 9 }, textCalibration: calibration },
    differences: { trie: [difference] },
    differencesByKind: new Map([['status covered', [difference]]]),
  },
  gateShare: 0.05,
  bytes: { first: 0.01, spelling: 0.02, row: 0.001 },
  baselines: [{ name: 'trimmed', bytesShare: 0.05, positions: 5, agreement: 0.5, agreementNoLoops: null }],
  rollOuts: {
    divergence: [
      {
        mode: 'trie',
        texts: 1,
        identical: 0,
        meanTokens: 1,
        medianTokens: 1,
        sameShare: 0.5,
        tokens: 2,
        steps: 2,
        headPasses: 0,
        headRows: 0,
        trunkPasses: 2,
      },
    ],
    examples: [{ prompt: hostile, base: hostile, texts: [{ mode: 'trie', text: `${hostile}!`, same: 1 }] }],
  },
  namedTasks: [
    {
      name: hostile,
      data: { id: hostile, revision: hostile, path: hostile },
      questions: 9,
      available: 10,
      base: { acc: share, accNorm: share },
      spellm: { acc: share, accNorm: share },
      difference: { acc: { value: -0.02, low: -0.03, high: 0.01 }, accNorm: share },
      samePick: share,
      perplexity: {
        base: share,
        spellm: null,
        said: { questions: 8, base: share, spellm: share, ratio: share },
      },
      unsaidOptions: 1,
    },
  ],
  tasks: [
    {
      file: hostile,
      choice: {
        results: {
          tasks: 1,
          base: { acc: share, accNorm: share, accBytes: share },
          spellm: { acc: share, accNorm: share, accBytes: share },
          samePick: share,
          unsaidChoices: 1,
        },
        scored: [
          {
            task: { ...task, choices: [hostile, hostile], answer: 0, delimiter: ' ' },
            base: [-1, -2],
            spellm: [-Infinity, -2],
          },
        ],
      },
      exact: {
        results: { tasks: 1, exactMatch: { trie: share } },
        written: [
          {
            task: { ...task, expected: hostile, stop: [], maxTokens: 1 },
            texts: new Map([['trie', hostile]]),
          },
        ],
      },
    },
  ],
  device: 'cpu',
  precision: 'int8',
  source: 'Q4_1',
}

describe('the results page', () => {
  const page = resultsPage(evaluation)

  it('shows texts as text, whatever is in them', () => {
    for (const raw of ['<script', '<img', '\u202e', '\u0000']) expect(page).not.toContain(raw)
    // Name, file, prompt; each difference three times, twice; texts and tasks.
    expect(
      page.split('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;&lt;/td&gt;').length,
    ).toBeGreaterThan(15)
  })

  it('has nothing that is run or loaded', () => {
    expect(page).not.toMatch(/<(script|link|iframe|object|embed|form|base|a|img|svg)\b/)
    expect(page).not.toMatch(/\son\w+\s*=\s*["']/)
    expect(page).not.toMatch(/https?:|url\(|@import/)
    expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
  })

  it('closes what it opens', () => {
    const open: string[] = []
    for (const [, slash, name, , selfClosing] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*?)(\/?)>/g)) {
      if (selfClosing || name === 'meta') continue
      if (slash) expect(open.pop()).toBe(name)
      else open.push(name!)
    }
    expect(open).toEqual([])
  })

  it('has light and dark colours, unescaped', () => {
    expect(page).toContain('color-scheme: light dark')
    expect(html`${styles}`.source).toBe(styles)
  })
})
