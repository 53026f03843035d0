import {
  formatBytes,
  formatCount,
  formatFixed,
  formatMilliseconds,
  formatPercent,
  formatSignificant,
  formatWithError,
} from '../format.ts'

const formatTimes = (factor: number) => `${formatFixed(factor, 2)} ×`

export const benchmarkStrings = {
  title: 'Benchmark',
  explanation:
    'What a token costs on the CPU, with a base model and with its SpeLLM. For reliable times, close other programs and pause conversions.',
  unknownSource: 'This model is no longer available: choose another one.',

  settings: 'What to measure',
  modes: 'Decode modes',
  modesExplanation: 'In addition to the base model.',
  losslessNote: 'Lossless needs a SpeLLM: a base model’s drafts would all be wrong.',
  candidates: 'Candidates (n)',
  gatePercent: 'Base model’s share, %',
  precision: 'Weights',
  precisions: { own: 'as converted', stored: 'as stored', kept: 'blocks kept', int8: 'int8', int4: 'int4' },
  precisionExplanation: 'Quantised weights are made once and kept; for a large model this takes a minute.',
  contexts: 'Tokens of context',
  contextsExplanation: 'One or several, separated by commas.',
  steps: 'Tokens to measure',
  invalid: {
    contexts: (limit: number) => `1 to 8 whole numbers, each from 1, below ${formatCount(limit)}`,
    steps: 'A whole number from 5 to 1,000',
    candidates: 'A whole number from 0 to 1,024',
    gatePercent: 'From 0 to 100',
  },
  start: 'Measure',
  cancel: 'Cancel',
  progress: 'Progress of the benchmark',
  stages: {
    opening: 'Opening the model …',
    quantising: 'Quantising the weights …',
    measuring: 'Measuring …',
  },
  progressValue: (done: number, total: number) => `${formatCount(done)} of ${formatCount(total)}`,

  results: 'Results',
  resultsExplanation: (model: string, precision: string, source: string | null) =>
    `${model}, weights ${precision}${source === null ? '' : `, from ${source}`}. Times are medians.`,
  untrained: 'Not converted yet: timed with an untrained tail, which costs the same.',
  bandwidth: 'Memory bandwidth',
  bandwidthValue: (bytesPerSecond: number) => `${formatBytes(bytesPerSecond)}/s`,
  weights: 'Weights',
  weightsValue: (trunk: number, head: number, tail: number) =>
    `trunk ${formatBytes(trunk)}, LM head ${formatBytes(head)}, tail ${formatBytes(tail)}`,
  memory: 'Peak memory of the engine',
  memoryValue: formatBytes,
  lossless: 'Lossless, on text',
  losslessValue: (milliseconds: number, base: number, tokensPerPass: number) =>
    `${formatMilliseconds(milliseconds)}/token, base ${formatMilliseconds(base)}; ${formatSignificant(tokensPerPass, 2)} tokens per pass over the LM head`,

  parts: { trunk: 'Trunk', tail: 'Tail', search: 'Search', head: 'LM head' },
  bars: 'Time per token by its parts',
  barSummary: (mode: string, milliseconds: number, parts: string) =>
    `${mode}: ${formatMilliseconds(milliseconds)}/token, of which ${parts}`,
  barPart: (part: string, milliseconds: number) => `${part} ${formatMilliseconds(milliseconds)}`,
  atContext: (context: number) => `${formatCount(context)} tokens of context`,
  byContext: 'Time per token, ms',
  context: 'Context',

  table: 'Costs per token',
  columns: {
    mode: 'Mode',
    milliseconds: 'Time',
    trunk: 'Trunk',
    head: 'LM head',
    tail: 'Tail',
    search: 'Search',
    reduction: 'Saved',
    shareOfLimit: 'Of the limit',
    bytes: 'Reads',
    bandwidthShare: 'Of the bandwidth',
  },
  written: {
    explanation: (prompts: 'chat' | 'document') =>
      `The base model and the SpeLLM wrote texts in turns after ${prompts === 'chat' ? 'questions that the model asks itself' : 'beginnings of documents of its own'}; reading the prompts doesn’t count. Medians with their standard errors.`,
    plan: (speedup: number, steps: number) =>
      `The measured costs predict ${formatTimes(speedup)} for lossless mode, with a verification after up to ${formatCount(steps)} steps.`,
    int8Alone: (speedup: number) => `The base model with the exact int8 head alone: ${formatTimes(speedup)}.`,
    baseAlone: (alone: number, texts: number) =>
      `In ${formatCount(alone)} of ${formatCount(texts)} texts the base model continued alone, because lossless mode didn’t pay.`,
    columns: {
      msPerToken: 'Time, ms',
      speedup: '× base',
      identicalTexts: 'Same text',
      trunkPasses: 'Trunk passes',
      headPasses: 'LM head passes',
      rows: 'Rows per head pass',
    },
    withError: formatWithError,
    ofTexts: (same: number, texts: number) => `${formatCount(same)} of ${formatCount(texts)}`,
    passes: (passes: number) => formatFixed(passes, 2),
    rows: (rows: number) => formatFixed(rows, 1),
  },

  limit: (limit: number) => `Upper limit: ${formatPercent(limit)} (if the LM head cost nothing).`,
  none: '–',
  time: formatMilliseconds,
  share: (share: number) => formatPercent(share),
  bytes: formatBytes,

  copyMarkdown: 'Copy as Markdown',
  copied: 'Copied',
  saveMarkdown: 'Save Markdown',
  saveJson: 'Save JSON',
  fileName: 'spellm-benchmark',
}
