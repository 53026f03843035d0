import type { RunSummary } from '../../../../src-main/contract/index.ts'

/** A run that has not finished. */
export function unfinishedRun(id: string, parts: Partial<RunSummary> = {}): RunSummary {
  return {
    id,
    folder: `runs/${id}`,
    status: 'paused',
    created: '2026-03-01T00:00:00Z',
    base: { name: 'Sample model', reference: 'sample' },
    settings: {
      base: 'sample',
      texts: [],
      questions: [],
      tokens: 1_000_000,
      k: 12,
      units: 'token',
      alphabet: 'auto',
      tokenSymbols: 0,
      contextSymbols: 512,
      objective: 'soft',
      epochs: 4,
      batchTokens: 2_048,
      peakLearningRates: { adapter: 0.003, heads: 0.005 },
      seed: 1,
      device: 'cpu',
      samplingTail: false,
      precision: 'stored',
      keepCache: false,
      mode: 'trie',
    },
    step: 10,
    steps: 100,
    progress: null,
    result: null,
    problem: null,
    sparkline: [],
    ...parts,
  }
}

/** A run with a result. */
export function finishedRun(
  id: string,
  { trie, created = '2026-03-01T00:00:00Z' }: { readonly trie: number; readonly created?: string },
): RunSummary {
  return unfinishedRun(id, {
    status: 'finished',
    created,
    result: {
      agreement: { trie, free: trie - 0.02, positions: 20_480 },
      tokens: 983_040,
      steps: 1_920,
      seconds: 262.5,
      textSeconds: null,
      k: 12,
      alphabetSize: 98,
      loss: 0.31,
      tokenSymbols: 0,
      tailShare: null,
      verdict: null,
      source: null,
      parameters: { tail: 1_180_000, baseHead: 1_048_576 },
    },
  })
}
